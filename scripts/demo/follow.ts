import { setTimeout as pause } from 'node:timers/promises';
import type { Call } from './account.ts';
import { Problem } from './problem.ts';
import type { Track } from './track.ts';

const EVERY = 100;
/** How long the progress may stay the same, in ms. */
const PATIENCE = 120_000;

/** Polls a track until it is READY and reports its progress. @throws Problem when it is FAILED */
export async function follow(
  call: Call,
  id: string,
  onProgress: (percent: number) => void,
): Promise<Track> {
  let seen = '';
  let movedAt = Date.now();
  for (;;) {
    const track = await call<Track>('GET', `/v1/tracks/${id}`);
    const { status, progress, error } = track;
    if (status === 'READY') return track;
    if (status === 'FAILED')
      throw new Problem(`${error?.message.replace(/\.$/, '')} (${error?.code}).`);
    const now = `${status} ${progress}`;
    if (now !== seen) movedAt = Date.now();
    else if (Date.now() - movedAt > PATIENCE) {
      throw new Problem(`It has been ${status} at ${progress} % for two minutes: no worker runs.`);
    }
    seen = now;
    onProgress(progress);
    await pause(EVERY);
  }
}
