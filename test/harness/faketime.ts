import { globSync } from 'node:fs';

// By Debian's package faketime.
const [library] = globSync('/usr/lib/{*/,}faketime/libfaketime.so.1');

/** What a process is started with whose clock is to be apart. */
export function shiftClock(offset: string): Record<string, string> {
  // The steady clock goes on as it is: only what is told of the time of day differs.
  return { LD_PRELOAD: library ?? '', FAKETIME: offset, DONT_FAKE_MONOTONIC: '1' };
}

/** Before any test: without the library no clock would be apart. */
export default function checkFaketime(): void {
  if (!library) throw new Error('faketime is missing: apt-get install faketime.');
}

/** Whether the clock of this process is apart. */
export const isShifted = Boolean(process.env.FAKETIME);
