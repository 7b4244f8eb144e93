import { Job } from '../../../src/models/jobs/job.ts';
import { Image } from '../../../src/models/media/image.ts';
import { verifyLedger } from '../../../src/services/billing/verify.ts';
import { judge, OPEN } from './check.ts';
import { stored } from './lives.ts';
import { makeOwner } from './make-owner.ts';
import { drawPlan } from './plan.ts';
import { runSchedule } from './run-schedule.ts';
import { makeSummary } from './summary.ts';

/** How many schedules there are, and the seed of the first. */
export const SCHEDULES = Number(process.env.SCHEDULES ?? (process.env.CI ? 40 : 2000));
const FIRST = Number(process.env.FIRST_SEED ?? 1);

/**
 * Plays every nth schedule from one on, and prints what they have come to. @returns what must not be: of the
 * schedules, with their seeds, and of the ledger
 */
export async function playSchedules(from: number, every: number): Promise<string[]> {
  const owner = await makeOwner();
  const summary = makeSummary();
  for (let seed = FIRST + from; seed < FIRST + SCHEDULES; seed += every) {
    const world = await runSchedule(owner, drawPlan(seed, owner.workflows.length));
    summary.add(world, await judge(world, summary.completed()));
    for (const pod of world.pods) await pod.stop();
    // What one schedule leaves is no other's.
    stored.clear();
    await Job.collection.deleteMany(OPEN);
    await Image.collection.deleteMany({ user: owner.user, status: 'AWAITING_UPLOAD' });
  }
  summary.print();
  const { fault } = await verifyLedger();
  return [...summary.faults(), ...(fault ? [`the ledger: ${fault.message}`] : [])];
}
