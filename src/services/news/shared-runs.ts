/**
 * Makes a function that runs work for a key, one run at a time: whoever asks while it runs shares the next
 * run with all others who do, which begins after they have asked.
 */
export function createSharedRuns<R>(): (key: string, work: () => Promise<R>) => Promise<R> {
  const running = new Map<string, Promise<R>>();
  const next = new Map<string, Promise<R>>();

  function begin(key: string, work: () => Promise<R>): Promise<R> {
    const run = work().finally(() => {
      if (running.get(key) === run) running.delete(key);
    });
    running.set(key, run);
    return run;
  }

  return (key, work) => {
    const current = running.get(key);
    if (!current) return begin(key, work);
    const waiting = next.get(key);
    if (waiting) return waiting;
    const start = () => {
      next.delete(key);
      return begin(key, work);
    };
    // Its failure is for those who wait for it.
    const later = current.then(start, start);
    next.set(key, later);
    return later;
  };
}
