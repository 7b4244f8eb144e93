import { vi } from 'vitest';

/** Runs `work` while the clock of this host is so many ms ahead, or behind: the database's is not. */
export async function withClockAhead<T>(ms: number, work: () => Promise<T>): Promise<T> {
  const read = Date.now;
  const ahead = vi.spyOn(Date, 'now').mockImplementation(() => read() + ms);
  try {
    return await work();
  } finally {
    ahead.mockRestore();
  }
}

const readSteady = performance.now.bind(performance);
let passed = 0;

/** Lets so many ms pass at once for what this process remembers. No clock that others see goes on. */
export function passTime(ms: number): void {
  passed += ms;
  performance.now = () => readSteady() + passed;
}
