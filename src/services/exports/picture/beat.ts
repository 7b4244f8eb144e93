import type { Mix } from '../sound/mix.ts';
import { PCM_DEMUXER } from '../sound/pcm.ts';
import { type RenderDir, runStep } from '../sound/run.ts';

const RATE = 8000;
/** Samples of one step: 10 ms. */
const HOP = 80;

/** Finds where the beats of a tempo fall in a mix: the time of the first one, in seconds. */
export async function findFirstBeat(dir: RenderDir, mix: Mix, bpm: number): Promise<number> {
  const meter = makeOnsetMeter();
  await runStep(dir, mix.seconds / 2, {
    inputs: [{ path: mix.path, demuxer: PCM_DEMUXER }],
    outputs: ['-ac', '1', '-ar', String(RATE), '-c:a', 'pcm_s16le', '-f', 's16le', 'pipe:1'],
    sinks: [meter.add],
  });
  return findPhase(meter.rises, ((60 / bpm) * RATE) / HOP) * (HOP / RATE);
}

/** How much louder each step is than the one before. */
function makeOnsetMeter() {
  const rises: number[] = [];
  let [energy, count, before, carry] = [0, 0, 0, Buffer.alloc(0)];
  const add = (chunk: Buffer) => {
    const bytes = carry.length > 0 ? Buffer.concat([carry, chunk]) : chunk;
    const whole = bytes.length - (bytes.length % 2);
    for (let at = 0; at < whole; at += 2) {
      energy += (bytes.readInt16LE(at) / 32_768) ** 2;
      if (++count < HOP) continue;
      const level = Math.log(1 + 1000 * energy);
      rises.push(Math.max(0, level - before));
      [energy, count, before] = [0, 0, level];
    }
    carry = Buffer.from(bytes.subarray(whole));
  };
  return { rises, add };
}

/** The offset at which steps a period apart rise most together. */
function findPhase(rises: number[], period: number): number {
  let [best, most] = [0, -1];
  for (let phase = 0; phase < period; phase++) {
    let sum = 0;
    for (let at = phase; at < rises.length; at += period) sum += rises[Math.round(at)] ?? 0;
    if (sum > most) [best, most] = [phase, sum];
  }
  return best;
}
