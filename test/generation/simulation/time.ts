import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import { type SimulatedClock, simulateClock } from '../../../src/local/comfyui/clock.ts';
import { awaitCalls, isAtWork, readCounts } from './lives.ts';

/** So many turns of the event loop without anything under way, or ms with only requests to pods: all wait. */
const [TURNS, MS_WITH_REQUESTS] = [8, 25];

let clock: SimulatedClock | undefined;
let isReplaced = false;
/** How far the clocks of this process are ahead, in ms. */
let ahead = 0;

/** Begins a time of its own: what waits, and what this process measures, goes by it from now on. */
export function beginTime(): SimulatedClock {
  replaceTimers();
  clock = simulateClock(Date.now());
  return clock;
}

/** Moves time on to whatever happens next, once nothing more happens at this moment. */
export async function passTime(time: SimulatedClock): Promise<void> {
  await settle();
  const next = time.next();
  if (next === undefined) return;
  const ms = Math.max(0, next - time.now());
  ahead += ms;
  await time.advance(ms);
}

/** Waits until nothing is under way but what waits for the clock: stopped processes, and delayed answers of pods. */
async function settle(): Promise<void> {
  const counts = readCounts();
  const isBusy = () => counts.calls > 0 || isAtWork();
  for (let idle = 0; idle < (counts.requests > 0 ? MS_WITH_REQUESTS : TURNS); ) {
    await awaitCalls();
    // One call mostly follows the other; nobody tells of what else a step does.
    for (let i = 0; i < TURNS && counts.calls === 0 && isBusy(); i++) await turn();
    if (counts.calls > 0) {
      idle = 0;
      continue;
    }
    if (isBusy() || counts.requests > 0) await wait(1);
    else await turn();
    idle = isBusy() ? 0 : idle + 1;
  }
}

// What a process measures by its steady clock, and what it waits for with a deadline, must pass as the
// simulated time does; the wall clock stays, since the database's is compared with it.
function replaceTimers(): void {
  if (isReplaced) return;
  isReplaced = true;
  const steady = performance.now.bind(performance);
  performance.now = () => steady() + ahead;
  AbortSignal.timeout = (ms) => {
    const controller = new AbortController();
    void clock?.sleep(ms).then(() => {
      const message = 'The operation was aborted due to timeout';
      controller.abort(new DOMException(message, 'TimeoutError'));
    });
    return controller.signal;
  };
}
