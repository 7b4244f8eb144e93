import { runFfmpeg } from '../../../providers/ffmpeg.ts';
import { corrupt } from '../media-error.ts';
import { refuseFailure } from '../refuse-failure.ts';
import { tooComplex, tooLong } from './containers/refusals.ts';
import type { VideoLimits } from './limits.ts';
import { lines } from './lines.ts';
import { reading, type Work } from './work.ts';

/** What the packets of a track tell, without a decoder. */
export interface Packets {
  count: number;
  bytes: number;
  /** From the first frame to the end of the last. */
  seconds: number;
  /** Frames a second on average; null of a single frame. */
  frameRate: number | null;
  variableFrameRate: boolean;
}

/** How far frames may stand from the order in which they are shown. */
const REORDERED = 32;
/** A millisecond's rounding, either way, is no variation. */
const TOLERANCE = 0.0015;
/** Half milliseconds: frames that stand for a second or more are counted as one kind. */
const MOST_GAPS = 2000;
/** After that many frames a rate is known well enough to refuse it. */
const ENOUGH = 600;

/** How the packets of the video leave ffmpeg beside other outputs. */
export const packetsTo = (index: number, pipe: string): string[] => [
  ...['-map', `0:v:${index}`, '-c', 'copy', '-f', 'framecrc', pipe],
];

/** Listens to what `packetsTo` writes. Source: ffmpeg's framecrc, one line a packet. */
export function packetMeter(limits: VideoLimits) {
  let tick = 0;
  let [count, bytes, first, end] = [0, 0, Number.POSITIVE_INFINITY, 0];
  let previous = Number.NaN;
  const gaps = gapMeter();
  const waiting: number[] = [];

  function shown(time: number): void {
    if (time > previous) gaps.add(time - previous);
    previous = time;
  }
  function line(text: string): void {
    const base = /^#tb 0: (\d+)\/(\d+)/.exec(text);
    if (base) tick = Number(base[1]) / Number(base[2]);
    const fields = text.startsWith('#') ? [] : text.split(',');
    const [, , pts, duration, size] = fields.map(Number);
    if (pts === undefined || !Number.isFinite(pts)) return;
    const time = pts * tick;
    count += 1;
    bytes += size ?? 0;
    first = Math.min(first, time);
    end = Math.max(end, time + (duration ?? 0) * tick);
    if (end - first > limits.seconds) throw tooLong(limits);
    if (count > ENOUGH && count > (end - first) * limits.frameRate * 1.05) {
      throw tooComplex(`too many frames a second; at most ${limits.frameRate}`);
    }
    waiting.push(time);
    waiting.sort((a, b) => a - b);
    if (waiting.length > REORDERED) shown(waiting.shift() ?? 0);
  }
  return {
    add: lines(line),
    result(): Packets {
      for (const time of waiting.splice(0)) shown(time);
      return { ...{ count, bytes }, seconds: count > 0 ? end - first : 0, ...gaps.result() };
    },
  };
}

/** Counts how long frames are shown, to half a millisecond. */
function gapMeter() {
  const counts = new Map<number, { count: number; seconds: number }>();
  let [frames, seconds] = [0, 0];
  return {
    add(gap: number): void {
      frames += 1;
      seconds += gap;
      const key = Math.min(Math.round(gap * 2000), MOST_GAPS);
      const same = counts.get(key) ?? { count: 0, seconds: 0 };
      counts.set(key, { count: same.count + 1, seconds: same.seconds + gap });
    },
    /** An odd one, where recordings begin, is no variation. */
    result(): Pick<Packets, 'frameRate' | 'variableFrameRate'> {
      if (frames === 0) return { frameRate: null, variableFrameRate: false };
      const all = [...counts.values()];
      const most = all.reduce((best, one) => (one.count > best.count ? one : best));
      const common = most.seconds / most.count;
      const near = Math.max(TOLERANCE, common * 0.1);
      const like = all.filter((one) => Math.abs(one.seconds / one.count - common) <= near);
      const alike = like.reduce((sum, { count }) => sum + count, 0);
      const variableFrameRate = frames - alike > Math.max(1, frames / 100);
      const even = like.reduce((sum, one) => sum + one.seconds, 0);
      return { frameRate: variableFrameRate ? frames / seconds : alike / even, variableFrameRate };
    },
  };
}

/** Reads through the first `seconds` of it, as fast as the disk is. */
export async function scanPackets(work: Work, seconds: number): Promise<Packets> {
  const meter = packetMeter(work.limits);
  const { input, ...bounds } = reading(work, 0);
  const end = await runFfmpeg({
    ...bounds,
    input: { ...input, maxSeconds: Math.min(seconds, input.maxSeconds) },
    outputs: packetsTo(work.container.video.index, 'pipe:1'),
    sinks: [meter.add],
  });
  refuseFailure(end, 'video');
  const packets = meter.result();
  if (packets.count === 0) throw corrupt('There is no picture in this video.');
  return packets;
}
