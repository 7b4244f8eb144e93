import { vi } from 'vitest';

/** Runs `work` while the date stands still, so that no window of a rate limit ends in it. Timers go on. */
export async function withStoppedClock<T>(work: () => Promise<T>): Promise<T> {
  vi.useFakeTimers({ toFake: ['Date'] });
  try {
    return await work();
  } finally {
    vi.useRealTimers();
  }
}
