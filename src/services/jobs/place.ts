import type { Ctx } from '../../context.ts';
import { idText, type UUID } from '../../data/ids.ts';
import type { JobQueue } from '../../models/jobs/job.ts';
import type { JobType, Seconds } from './job-type.ts';
import { listLimits } from './limits.ts';
import { goBeforeOwn, type Taken, takeTurns, takeTurnsOfMany } from './turns.ts';

/** Neither urgent nor not, among the jobs of one user. */
export const PRIORITY = 5;

/** What the place of a job in its queue depends on. */
export interface Placed {
  type: Pick<JobType, 'name' | 'queue' | 'limits'>;
  job: {
    user?: UUID | null | undefined;
    priority?: number | undefined;
    delay?: Seconds | undefined;
    turn?: number | undefined;
  };
}

/** What a job has of its place: a turn, or what it waits for. */
export type Place = { turn: number } | { waitsFor: 'TIME' };

/** The queue that jobs of a type are in. */
export function queueOf({ queue = 'media' }: Pick<JobType, 'queue'>): JobQueue {
  return queue.toUpperCase() as JobQueue; // which is what the two types say
}

/** The place of a job. One that a limit may keep back is admitted when it is rung for. */
export async function placeJob(ctx: Ctx, { type, job }: Placed): Promise<Place> {
  const { user, priority = PRIORITY } = job;
  if (waits({ type, job })) return { waitsFor: 'TIME' };
  const queue = queueOf(type);
  // Of turns that were taken before, for the parts of a job, nobody knows who else waits in the lane.
  const given = job.turn && { turns: [job.turn], isMixed: true };
  const { turns, isMixed } = given || (await takeTurns(ctx, queue, { user, count: 1, priority }));
  const [turn] = turns as [number];
  return { turn: isMixed ? await goBeforeOwn(ctx, queue, user, { priority, turn }) : turn };
}

/** The places of many, with a few calls for all of a queue and a priority. */
export async function placeAll(ctx: Ctx, all: Placed[]): Promise<Place[]> {
  const places: Place[] = all.map(() => ({ waitsFor: 'TIME' }));
  const numbers = all.map((_, n) => n).filter((n) => !waits(all[n] as Placed));
  const groups = Map.groupBy(numbers, (n) => nameGroup(all[n] as Placed));
  for (const mine of groups.values()) await placeGroup(ctx, all, mine, places);
  return places;
}

function nameGroup({ type, job: { priority = PRIORITY } }: Placed): string {
  return `${queueOf(type)} ${priority}`;
}

/** Places those of `all` with these numbers, which are in one queue and have one priority. */
async function placeGroup(
  ctx: Ctx,
  all: Placed[],
  numbers: number[],
  places: Place[],
): Promise<void> {
  const { type, job } = all[numbers[0] as number] as Placed;
  const [queue, { priority = PRIORITY }] = [queueOf(type), job];
  const byUser = Map.groupBy(numbers, (n) => {
    const { user } = (all[n] as Placed).job;
    return user ? idText(user) : '';
  });
  const owners = [...byUser.values()].map((mine) => {
    const { user } = (all[mine[0] as number] as Placed).job;
    return { user: user as UUID, mine };
  });
  // Only what has an owner has a price, and only that comes here.
  const asked = owners.map(({ user, mine }) => ({ user, count: mine.length, priority }));
  const taken = await takeTurnsOfMany(ctx, queue, asked);
  for (const [i, { user, mine }] of owners.entries()) {
    const { turns, isMixed } = taken[i] as Taken;
    for (const [j, n] of mine.entries()) {
      const turn = turns[j] as number;
      const own = { priority, turn };
      places[n] = { turn: isMixed ? await goBeforeOwn(ctx, queue, user, own) : turn };
    }
  }
}

function waits({ type, job: { delay = 0, user } }: Placed): boolean {
  return delay > 0 || listLimits(type as JobType, user) !== undefined;
}
