/**
 * The CPU time that this process spent on `work`, in ms. Unlike the time on the clock it does not grow on a
 * machine that is busy with something else.
 */
export async function cpuTimeOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** The most CPU time, in ms, that was spent between two turns of the event loop while `work` ran. */
export async function longestTurnOf(work: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let before = process.threadCpuUsage();
  const timer = setInterval(() => {
    const { user, system } = process.threadCpuUsage(before);
    longest = Math.max(longest, (user + system) / 1000);
    before = process.threadCpuUsage();
  }, 5);
  await work();
  clearInterval(timer);
  return longest;
}
