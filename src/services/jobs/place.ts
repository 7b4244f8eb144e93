import type { Ctx } from '../../context.ts';
import { idText, type UUID } from '../../data/ids.ts';
import type { JobQueue } from '../../models/jobs/job.ts';
import type { JobType, Seconds } from './job-type.ts';
import { listLimits } from './limits.ts';
import { findBehind, goBeforeOwn, takeTurns, takeTurnsOfMany } from './turns.ts';

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
  const taken = job.turn ?? ((await takeTurns(ctx, queue, user))[0] as number);
  return { turn: await goBeforeOwn(ctx, queue, user, { priority, turn: taken }) };
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
  const owners = [...byUser].map(([name, mine]) => {
    const { user } = (all[mine[0] as number] as Placed).job;
    return { name, user: user as UUID, mine };
  });
  // Only what has an owner has a price, and only that comes here.
  const users = owners.map(({ user }) => user);
  const asked = owners.map(({ user, mine }) => ({ user, count: mine.length }));
  const [turns, behind] = await Promise.all([
    takeTurnsOfMany(ctx, queue, asked),
    findBehind(ctx, queue, users, priority),
  ]);
  for (const [i, { name, user, mine }] of owners.entries()) {
    for (const [j, n] of mine.entries()) {
      const turn = turns[i]?.[j] as number;
      const own = { priority, turn };
      places[n] = { turn: behind.has(name) ? await goBeforeOwn(ctx, queue, user, own) : turn };
    }
  }
}

function waits({ type, job: { delay = 0, user } }: Placed): boolean {
  return delay > 0 || listLimits(type as JobType, user) !== undefined;
}
