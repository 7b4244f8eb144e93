/** What the stand-in waits by: the clock of this machine, or one that a test moves. */
export interface Clock {
  /** In ms since 1970. */
  now(): number;
  sleep(ms: number): Promise<void>;
  /** Work that takes real time, such as drawing: a simulated clock stands still until it is done. */
  work<T>(task: Promise<T>): Promise<T>;
}

/** The clock of this machine. Its timers keep no process alive. */
export const hostClock: Clock = {
  now: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms).unref()),
  work: (task) => task,
};

/** A clock that stands still until it is moved. */
export interface SimulatedClock extends Clock {
  /** Moves it by so many ms, and wakes on the way, in order, whoever sleeps until then. */
  advance(ms: number): Promise<void>;
  /** When the next sleeper wakes, if anybody sleeps. */
  next(): number | undefined;
}

/** Makes a clock for simulations: hours pass in milliseconds, and always in the same order. */
export function simulateClock(start = Date.UTC(2026, 0, 1)): SimulatedClock {
  let time = start;
  let count = 0;
  const sleepers: { at: number; order: number; wake: () => void }[] = [];
  const working = new Set<Promise<unknown>>();

  async function settle(): Promise<void> {
    // Whoever has just been woken goes on, and may begin to work, before anybody else wakes.
    await new Promise((resolve) => setImmediate(resolve));
    while (working.size > 0) {
      await Promise.allSettled(working);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  return {
    now: () => time,
    sleep: (ms) =>
      new Promise((wake) => {
        sleepers.push({ at: time + Math.max(0, ms), order: count++, wake });
        sleepers.sort((a, b) => a.at - b.at || a.order - b.order);
      }),
    work: async (task) => {
      working.add(task);
      try {
        return await task;
      } finally {
        working.delete(task);
      }
    },
    next: () => sleepers[0]?.at,
    advance: async (ms) => {
      const until = time + ms;
      await settle();
      for (let next = sleepers[0]; next && next.at <= until; next = sleepers[0]) {
        sleepers.shift();
        time = next.at;
        next.wake();
        await settle();
      }
      time = until;
    },
  };
}
