import { runFfmpeg } from '../../../providers/ffmpeg.ts';
import { corrupt } from '../media-error.ts';
import { tooComplex, tooLong } from './containers/refusals.ts';
import type { VideoLimits } from './limits.ts';
import { lines } from './lines.ts';
import { reading, refuseFailure, type Work } from './work.ts';

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
  let [shortest, longest, previous] = [Number.POSITIVE_INFINITY, 0, Number.NaN];
  const waiting: number[] = [];

  function shown(time: number): void {
    const delta = time - previous;
    if (delta > 0) {
      shortest = Math.min(shortest, delta);
      longest = Math.max(longest, delta);
    }
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
      // The last frame alone often lasts longer, and what comes before the first is cut away.
      for (const time of waiting.splice(0)) shown(time);
      const span = previous - first;
      const mean = count > 1 ? span / (count - 1) : 0;
      return {
        ...{ count, bytes },
        seconds: count > 0 ? end - first : 0,
        frameRate: mean > 0 ? 1 / mean : null,
        variableFrameRate: count > 2 && longest - shortest > Math.max(TOLERANCE, mean * 0.1),
      };
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
  refuseFailure(end);
  const packets = meter.result();
  if (packets.count === 0) throw corrupt('There is no picture in this video.');
  return packets;
}
