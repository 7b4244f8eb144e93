import { workOnce } from '../../../src/services/jobs/worker.ts';
import { noteUpload } from '../../../src/services/uploads/arrivals.ts';
import { type Chance, makeChance } from '../../harness/chance.ts';
import { findOpenJobs } from './check.ts';
import { asStep, live, stored } from './lives.ts';
import { types } from './owner.ts';
import { drawFate } from './plan.ts';
import type { World } from './run-schedule.ts';

/** How long nobody looks at most whether there is something to do, in ms. */
const LONGEST_PAUSE = 60_000;

/** Starts the processes of a schedule: each does what there is to do, and is killed or stopped now and then. */
export function startWorkers(world: World): Promise<void>[] {
  const { plan } = world;
  return Array.from({ length: plan.workers }, (_, n) => work(world, makeChance(plan.seed * 7 + n)));
}

async function work(world: World, chance: Chance): Promise<void> {
  const { clock, ctx, plan } = world;
  const { below } = chance;
  // Who has slept until something is due need not look whether it is.
  let isWoken = false;
  while (!world.isOver) {
    if (!isWoken) {
      isWoken = await sleepUntilDue(world, chance, false);
      continue;
    }
    isWoken = false;
    const stop = (long: number) => {
      world.note('worker stopped');
      return clock.sleep(long);
    };
    const fate = world.isHealed || !plan.hasFates ? undefined : drawFate(chance, stop);
    world.steps++;
    world.busy++;
    const began = clock.now();
    const outcome = await live(fate, () => workOnce(ctx, types, () => 900_000));
    if (!fate) world.longest = Math.max(world.longest, clock.now() - began);
    if (outcome === 'killed') {
      world.note('worker killed');
      await clock.sleep(below(5_000));
    }
    // What has been stored in S3 is told, if not always at once, and not always once.
    await tellUploads(world, chance);
    world.busy--;
    // What was due is another's by now, or waits for something else.
    if (outcome === 'IDLE') isWoken = await sleepUntilDue(world, chance, true);
  }
}

async function tellUploads(world: World, { below }: Chance): Promise<void> {
  const { ctx, clock } = world;
  for (const key of stored) {
    const luck = world.isHealed ? 9 : below(10);
    // Lost: it is told by the next that looks.
    if (luck === 0) continue;
    stored.delete(key);
    const event = { key, sequencer: '' };
    if (luck === 1) await clock.sleep(below(60_000));
    const tell = () => asStep(() => noteUpload(ctx, event));
    await tell();
    if (luck === 2) await tell();
  }
}

/**
 * Waits until a job is due. @param isInVain whether what is due now could not be taken: the next is waited for
 * @returns whether a job should be due by now; else one has to look again
 */
async function sleepUntilDue(world: World, { below }: Chance, isInVain: boolean): Promise<boolean> {
  const { isDue, ms } = await asStep(() => findPause(world));
  if (isDue && !isInVain) return true;
  // Nobody wakes exactly in time.
  await world.clock.sleep(ms + 1 + below(200));
  return ms < LONGEST_PAUSE;
}

/** Whether a job is due, and how long it is until the next one, or the end of a lease, in ms. */
async function findPause(world: World): Promise<{ isDue: boolean; ms: number }> {
  const now = world.ctx.clock();
  const { busy } = world;
  const open = await findOpenJobs();
  const times = open.map(({ status, lease, runAfter }) => {
    const at = status === 'RUNNING' ? (lease as { until?: Date } | null)?.until : runAfter;
    return (at as Date | undefined)?.getTime() ?? now;
  });
  // A worker that is stopped within a step may still make one.
  world.isIdle = open.length === 0 && busy === 0;
  const next = Math.min(...times.filter((at) => at > now), now + LONGEST_PAUSE);
  return { isDue: times.some((at) => at <= now), ms: next - now };
}
