import { entityNamed } from '../../../src/data/entity.ts';
import { workOnce } from '../../../src/services/jobs/worker.ts';
import { noteUpload } from '../../../src/services/uploads/arrivals.ts';
import { type Chance, makeChance } from '../../harness/chance.ts';
import { findOpenJobs } from './check.ts';
import { live } from './lives.ts';
import { types } from './owner.ts';
import { drawFate } from './plan.ts';
import type { World } from './run-schedule.ts';

/** Starts the processes of a schedule: each does what there is to do, and is killed or stopped now and then. */
export function startWorkers(world: World): Promise<void>[] {
  const { plan } = world;
  return Array.from({ length: plan.workers }, (_, n) => work(world, makeChance(plan.seed * 7 + n)));
}

async function work(world: World, chance: Chance): Promise<void> {
  const { clock, ctx, plan } = world;
  while (!world.isOver) {
    const stop = (ms: number) => {
      world.note('worker stopped');
      return clock.sleep(ms);
    };
    const fate = world.isHealed || !plan.hasFates ? undefined : drawFate(chance, stop);
    world.steps++;
    world.busy++;
    const began = clock.now();
    const outcome = await live(fate, () => workOnce(ctx, types, () => 900_000));
    if (!fate) world.longest = Math.max(world.longest, clock.now() - began);
    if (outcome === 'killed') {
      world.note('worker killed');
      await clock.sleep(chance.below(5_000));
    }
    // What has been stored in S3 is told, if not always at once, and not always once.
    await tellUploads(world, chance);
    world.busy--;
    if (outcome === 'IDLE') await clock.sleep(await findPause(world, chance));
  }
}

async function tellUploads(world: World, { below }: Chance): Promise<void> {
  const { ctx, owner, clock } = world;
  const awaited = { status: 'AWAITING_UPLOAD', user: owner.user };
  const media = await entityNamed('Image').collection.find(awaited).toArray();
  for (const { filePath } of media) {
    const luck = world.isHealed ? 9 : below(10);
    // Lost: it is found by the next that looks.
    if (luck === 0) continue;
    const event = { key: String(filePath), sequencer: '' };
    if (luck === 1) await clock.sleep(below(60_000));
    await noteUpload(ctx, event);
    if (luck === 2) await noteUpload(ctx, event);
  }
}

/** How long there is nothing to do: until the time of a job, or the end of a lease. */
async function findPause(world: World, { below }: Chance): Promise<number> {
  const now = world.ctx.clock();
  const { busy } = world;
  const open = await findOpenJobs();
  const times = open.map(({ status, lease, runAfter }) => {
    const at = status === 'RUNNING' ? (lease as { until?: Date } | null)?.until : runAfter;
    return (at as Date | undefined)?.getTime() ?? now;
  });
  // A worker that is stopped within a step may still make one.
  world.isIdle = open.length === 0 && busy === 0;
  const next = Math.min(...times.filter((at) => at > now), now + 60_000);
  // Nobody wakes exactly in time.
  return next - now + 1 + below(200);
}
