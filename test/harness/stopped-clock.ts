import { vi } from 'vitest';

/** Runs `work` while the clocks of this process stand still, so that no window that it counts ends. Timers go on. */
export async function withStoppedClock<T>(work: () => Promise<T>): Promise<T> {
  const wall = vi.spyOn(Date, 'now').mockReturnValue(Date.now());
  const steady = vi.spyOn(performance, 'now').mockReturnValue(performance.now());
  try {
    return await work();
  } finally {
    wall.mockRestore();
    steady.mockRestore();
  }
}
