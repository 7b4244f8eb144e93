import { setTimeout as pause } from 'node:timers/promises';
import type { Call } from './account.ts';
import { Problem } from './problem.ts';

const EVERY = 100;
/** How long the progress may stay the same, in ms. */
const PATIENCE = 120_000;

/** What is made in the background. */
interface Made {
  status: string;
  progress: number;
  error?: { code: string; message: string };
}

/** Polls what is made until it is there, and reports its progress. @throws Problem when it fails */
export async function follow<T extends Made>(
  call: Call,
  path: string,
  onProgress: (percent: number) => void,
): Promise<T> {
  let seen = '';
  let movedAt = Date.now();
  for (;;) {
    const made = await call<T>('GET', path);
    const { status, progress, error } = made;
    if (status === 'READY' || status === 'COMPLETED') return made;
    if (['FAILED', 'LOST', 'CANCELLED'].includes(status))
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
