import { runFfmpeg } from '../../../providers/ffmpeg.ts';
import { corrupt } from '../media-error.ts';
import { refuseFailure } from '../refuse-failure.ts';
import { tooComplex, tooLong } from './containers/refusals.ts';
import type { VideoLimits } from './limits.ts';
import { readLines } from './line-reader.ts';
import { buildRun, type VideoWork } from './work.ts';

/** Measurements of the packets of a video track, without decoding. */
export interface Packets {
  count: number;
  bytes: number;
  /** When each frame is shown, in order, and when the last one ends; in seconds. */
  times: readonly number[];
  end: number;
  /** Average frames per second; null for a single frame. */
  frameRate: number | null;
  variableFrameRate: boolean;
}

/** How far, in frames, the decoding order may differ from the display order. */
const MOST_REORDERED = 32;
/** In seconds: differences from rounding to milliseconds do not make a frame rate variable. */
const TOLERANCE = 0.0015;
/** The frame rate is checked against the limit after this many frames. */
const RATE_CHECKED_FROM = 600;

/** The share of the decoding deadline that reading the packets may take. */
const SCAN_SHARE = 0.05;

/** When the last packet of the sound begins, and when it ends, in seconds. */
export interface SoundPackets {
  last: number;
  end: number;
}

/**
 * Reads all packets of pictures and sound, without decoding. `sound` is null if it has no packets.
 */
export async function scanPackets(
  work: VideoWork,
): Promise<{ pictures: Packets; sound: SoundPackets | null }> {
  const { video, audio, declaredSeconds } = work.container;
  const pictures = makePictureMeter(work.limits);
  let sound: SoundPackets | null = null;
  const addSound = readPackets(({ time, seconds }) => {
    sound = { last: time, end: Math.max(sound?.end ?? 0, time + seconds) };
  });
  const copyPacketsTo = (track: string, pipe: string) => [
    ...['-map', `0:${track}`, '-c', 'copy', '-f', 'framecrc', pipe],
  ];
  const end = await runFfmpeg({
    ...buildRun(work, (declaredSeconds ?? 0) * SCAN_SHARE),
    outputs: [
      ...copyPacketsTo(`v:${video.index}`, 'pipe:1'),
      ...(audio ? copyPacketsTo(`a:${audio.index}`, 'pipe:3') : []),
    ],
    sinks: [pictures.add, ...(audio ? [addSound] : [])],
  });
  refuseFailure(end, 'video');
  const found = pictures.finish();
  if (found.count === 0) throw corrupt('There is no picture in this video.');
  return { pictures: found, sound };
}

function makePictureMeter(limits: VideoLimits) {
  let [count, bytes, first, end] = [0, 0, Number.POSITIVE_INFINITY, 0];
  const gaps = makeGapMeter();
  const reordering: number[] = [];
  const times: number[] = [];

  function addTime(time: number): void {
    const previous = times.at(-1);
    if (previous !== undefined && time <= previous) return;
    if (previous !== undefined) gaps.add(time - previous);
    times.push(time);
  }
  const add = readPackets(({ time, seconds, size }) => {
    count += 1;
    bytes += size;
    first = Math.min(first, time);
    end = Math.max(end, time + seconds);
    if (end - first > limits.seconds) throw tooLong(limits);
    if (count > RATE_CHECKED_FROM && count > (end - first) * limits.frameRate * 1.05) {
      throw tooComplex(`too many frames a second; at most ${limits.frameRate}`);
    }
    reordering.push(time);
    reordering.sort((a, b) => a - b);
    if (reordering.length > MOST_REORDERED) addTime(reordering.shift() ?? 0);
  });
  return {
    add,
    finish(): Packets {
      for (const time of reordering.splice(0)) addTime(time);
      return { ...{ count, bytes, times, end }, ...gaps.finish() };
    },
  };
}

/** Below every time: ffmpeg's AV_NOPTS_VALUE is the least number of 64 bits. */
const NO_TIME = -(2 ** 62);

/** Parses the output of ffmpeg's framecrc muxer: one line per packet. */
function readPackets(onPacket: (packet: { time: number; seconds: number; size: number }) => void) {
  let tick = 0;
  return readLines((text) => {
    const base = /^#tb 0: (\d+)\/(\d+)/.exec(text);
    if (base) tick = Number(base[1]) / Number(base[2]);
    const fields = text.startsWith('#') ? [] : text.split(',');
    const [, dts, pts, duration = 0, size = 0] = fields.map(Number);
    if (pts === undefined || dts === undefined || !Number.isFinite(pts)) return;
    // Without a time of its own a packet is shown about when it is decoded.
    const at = pts > NO_TIME ? pts : dts;
    if (at <= NO_TIME) return;
    onPacket({ time: at * tick, seconds: duration * tick, size });
  });
}

/**
 * From this many frames on, one odd gap (common at the start of recordings) does not make the rate
 * variable.
 */
const FEW = 10;

/**
 * The histogram bin of a gap between frames: half milliseconds up to a second, twentieths of an
 * octave above, so that the number of bins is bounded.
 */
function findBin(gap: number): number {
  return gap < 1 ? Math.round(gap * 2000) : 2000 + Math.round(20 * Math.log2(gap));
}

/** Builds a histogram of the gaps between frames, and derives the frame rate from it. */
function makeGapMeter() {
  const counts = new Map<number, { count: number; seconds: number }>();
  let [frames, seconds] = [0, 0];
  return {
    add(gap: number): void {
      frames += 1;
      seconds += gap;
      const key = findBin(gap);
      const same = counts.get(key) ?? { count: 0, seconds: 0 };
      counts.set(key, { count: same.count + 1, seconds: same.seconds + gap });
    },
    finish(): Pick<Packets, 'frameRate' | 'variableFrameRate'> {
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
