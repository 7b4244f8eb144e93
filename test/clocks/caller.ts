// Run by shared-limits.test.ts with a clock of its own: calls from one address, one at a time as a Lambda
// takes them, until it is refused.
import { setTimeout } from 'node:timers/promises';
import { createCallCounter } from '../../src/api/http/call-counter.ts';
import { systemCtx } from '../../src/context.ts';
import { connect } from '../../src/data/connection.ts';
import { BACKGROUND } from '../../src/data/deadlines.ts';
import '../../src/models/index.ts';

/** What it says: that it can begin, or how many calls were let through until the first was refused. */
export type Said = 'ready' | { passed: number; most: number };

const say = (said: Said) => void process.send?.(said);
const ctx = systemCtx('test');
const counter = createCallCounter(Number(process.env.CALLS_PER_MINUTE));

/** Returns also the most that were let through from the beginning of a merge to the end of the next one. */
async function callUntilRefused(address: string): Promise<{ passed: number; most: number }> {
  let [passed, most, atMerge] = [0, 0, 0];
  for (;;) {
    const merging = counter.mergeCalls(ctx);
    const before = passed;
    try {
      counter.countCall(address);
    } catch {
      return { passed, most: Math.max(most, passed - atMerge) };
    }
    passed++;
    await merging;
    if (merging) {
      most = Math.max(most, passed - atMerge);
      atMerge = before;
    }
    await setTimeout(5);
  }
}

process.once('message', async (address) => say(await callUntilRefused(address as string)));
await connect(BACKGROUND);
say('ready');
