import { globSync } from 'node:fs';

/** What a process is started with whose clock is to be apart, by Debian's package faketime. @throws Error without it */
export function shiftClock(offset: string): Record<string, string> {
  const [library] = globSync('/usr/lib/{*/,}faketime/libfaketime.so.1');
  if (!library) throw new Error('faketime is missing: apt-get install faketime.');
  // The steady clock goes on as it is: only what is told of the time of day differs.
  return { LD_PRELOAD: library, FAKETIME: offset, DONT_FAKE_MONOTONIC: '1' };
}

/** Whether the clock of this process is apart. */
export const isShifted = Boolean(process.env.FAKETIME);
