import { runFfmpeg } from '../../../providers/ffmpeg.ts';
import { corrupt } from '../media-error.ts';
import { refuseFailure } from '../refuse-failure.ts';
import { tooComplex, tooLong } from './containers/refusals.ts';
import type { VideoLimits } from './limits.ts';
import { lines } from './line-reader.ts';
import { reading, type Work } from './work.ts';

/** What the packets of a track tell, without a decoder. */
export interface Packets {
  count: number;
  bytes: number;
  /** When each picture shows, in order, and when the last one ends. */
  times: readonly number[];
  end: number;
  /** Frames a second on average; null of a single frame. */
  frameRate: number | null;
  variableFrameRate: boolean;
}

/** How far frames may stand from the order in which they are shown. */
const REORDERED = 32;
/** A millisecond's rounding, either way, is no variation. */
const TOLERANCE = 0.0015;
/** After that many frames a rate is known well enough to refuse it. */
const ENOUGH = 600;

/** To read takes that much of the time that decoding may take. */
const SCAN = 0.05;

/** When the last packet of a sound begins, and when it ends. */
export interface SoundPackets {
  last: number;
  end: number;
}

/** Reads through pictures and sound, as fast as the disk is. Null is a sound of no packets. */
export async function scanPackets(
  work: Work,
): Promise<{ pictures: Packets; sound: SoundPackets | null }> {
  const { video, audio, declaredSeconds } = work.container;
  const pictures = pictureMeter(work.limits);
  let sound: SoundPackets | null = null;
  const addSound = packetLines(({ time, seconds }) => {
    sound = { last: time, end: Math.max(sound?.end ?? 0, time + seconds) };
  });
  const to = (track: string, pipe: string) => [
    ...['-map', `0:${track}`, '-c', 'copy', '-f', 'framecrc', pipe],
  ];
  const end = await runFfmpeg({
    ...reading(work, (declaredSeconds ?? 0) * SCAN),
    outputs: [
      ...to(`v:${video.index}`, 'pipe:1'),
      ...(audio ? to(`a:${audio.index}`, 'pipe:3') : []),
    ],
    sinks: [pictures.add, ...(audio ? [addSound] : [])],
  });
  refuseFailure(end, 'video');
  const found = pictures.result();
  if (found.count === 0) throw corrupt('There is no picture in this video.');
  return { pictures: found, sound };
}

function pictureMeter(limits: VideoLimits) {
  let [count, bytes, first, end] = [0, 0, Number.POSITIVE_INFINITY, 0];
  const gaps = gapMeter();
  const waiting: number[] = [];
  const times: number[] = [];

  function shown(time: number): void {
    const previous = times.at(-1);
    if (previous !== undefined && time <= previous) return;
    if (previous !== undefined) gaps.add(time - previous);
    times.push(time);
  }
  const add = packetLines(({ time, seconds, size }) => {
    count += 1;
    bytes += size;
    first = Math.min(first, time);
    end = Math.max(end, time + seconds);
    if (end - first > limits.seconds) throw tooLong(limits);
    if (count > ENOUGH && count > (end - first) * limits.frameRate * 1.05) {
      throw tooComplex(`too many frames a second; at most ${limits.frameRate}`);
    }
    waiting.push(time);
    waiting.sort((a, b) => a - b);
    if (waiting.length > REORDERED) shown(waiting.shift() ?? 0);
  });
  return {
    add,
    result(): Packets {
      for (const time of waiting.splice(0)) shown(time);
      return { ...{ count, bytes, times, end }, ...gaps.result() };
    },
  };
}

/** Source: ffmpeg's framecrc, one line a packet. */
function packetLines(onPacket: (packet: { time: number; seconds: number; size: number }) => void) {
  let tick = 0;
  return lines((text) => {
    const base = /^#tb 0: (\d+)\/(\d+)/.exec(text);
    if (base) tick = Number(base[1]) / Number(base[2]);
    const fields = text.startsWith('#') ? [] : text.split(',');
    const [, , pts, duration = 0, size = 0] = fields.map(Number);
    if (pts === undefined || !Number.isFinite(pts)) return;
    onPacket({ time: pts * tick, seconds: duration * tick, size });
  });
}

/** Of fewer frames than that each tells; of more, an odd one where recordings begin is no variation. */
const FEW = 10;

/** Half milliseconds up to a second; above, twentieths of an octave: a file cannot make many of them. */
function kindOf(gap: number): number {
  return gap < 1 ? Math.round(gap * 2000) : 2000 + Math.round(20 * Math.log2(gap));
}

/** Counts how long frames are shown. */
function gapMeter() {
  const counts = new Map<number, { count: number; seconds: number }>();
  let [frames, seconds] = [0, 0];
  return {
    add(gap: number): void {
      frames += 1;
      seconds += gap;
      const key = kindOf(gap);
      const same = counts.get(key) ?? { count: 0, seconds: 0 };
      counts.set(key, { count: same.count + 1, seconds: same.seconds + gap });
    },
    result(): Pick<Packets, 'frameRate' | 'variableFrameRate'> {
      if (frames === 0) return { frameRate: null, variableFrameRate: false };
      const all = [...counts.values()];
      const most = all.reduce((best, one) => (one.count > best.count ? one : best));
      const common = most.seconds / most.count;
      const near = Math.max(TOLERANCE, common * 0.1);
      const like = all.filter((one) => Math.abs(one.seconds / one.count - common) <= near);
      const alike = like.reduce((sum, { count }) => sum + count, 0);
      const odd = frames < FEW ? 0 : Math.max(1, frames / 100);
      const variableFrameRate = frames - alike > odd;
      const even = like.reduce((sum, one) => sum + one.seconds, 0);
      return { frameRate: variableFrameRate ? frames / seconds : alike / even, variableFrameRate };
    },
  };
}
