import { setTimeout } from 'node:timers/promises';

/**
 * Waits for a condition, asking again and again. What the tests wait for shares the machine with them: where
 * asking itself is slow, the deadline moves until it has been asked as often as it would be otherwise.
 * @param deadline in ms; generous unless it is a guarantee itself
 * @throws Error when what was asked after the deadline was still not true
 */
export async function until<T>(
  what: string | (() => string),
  ask: () => Promise<T | undefined | false | null> | T | undefined | false | null,
  deadline = 60_000,
): Promise<T> {
  const end = Date.now() + deadline;
  for (let asked = 1; ; asked++) {
    const isLate = Date.now() > end && asked > deadline / 100;
    const answer = await ask();
    if (answer) return answer;
    if (isLate) {
      const told = typeof what === 'string' ? what : what();
      throw new Error(`Not within ${deadline} ms: ${told}`);
    }
    await setTimeout(25);
  }
}
