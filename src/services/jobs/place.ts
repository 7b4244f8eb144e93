import type { Ctx } from '../../context.ts';
import { idText, type UUID } from '../../data/ids.ts';
import type { JobQueue } from '../../models/jobs/job.ts';
import type { JobType, Seconds } from './job-type.ts';
import { listLimits } from './limits.ts';
import { findBehind, goBeforeOwn, takeTurns } from './turns.ts';

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

/** The places of many, with as many calls as they have users. */
export async function placeAll(ctx: Ctx, all: Placed[]): Promise<Place[]> {
  const places: Place[] = all.map(() => ({ waitsFor: 'TIME' }));
  const groups = new Map<string, number[]>();
  for (const [n, one] of all.entries()) {
    if (waits(one)) continue;
    const { user, priority = PRIORITY } = one.job;
    const key = `${queueOf(one.type)} ${priority} ${user ? idText(user) : ''}`;
    groups.set(key, [...(groups.get(key) ?? []), n]);
  }
  const behind = new Map<string, Promise<Set<string>>>();
  const isBehind = async ({ type, job: { user, priority = PRIORITY } }: Placed) => {
    if (!user) return false;
    const [queue, key] = [queueOf(type), `${queueOf(type)} ${priority}`];
    const users = all.flatMap(({ job }) => (job.user ? [job.user] : []));
    const asked = behind.get(key) ?? findBehind(ctx, queue, users, priority);
    behind.set(key, asked);
    return (await asked).has(idText(user));
  };
  await Promise.all(
    [...groups.values()].map(async (mine) => {
      const first = all[mine[0] as number] as Placed;
      const [queue, { user, priority = PRIORITY }] = [queueOf(first.type), first.job];
      const turns = await takeTurns(ctx, queue, user, mine.length);
      const goesBefore = await isBehind(first);
      for (const [i, n] of mine.entries()) {
        const turn = turns[i] as number;
        const own = { priority, turn };
        places[n] = { turn: goesBefore ? await goBeforeOwn(ctx, queue, user, own) : turn };
      }
    }),
  );
  return places;
}

function waits({ type, job: { delay = 0, user } }: Placed): boolean {
  return delay > 0 || listLimits(type as JobType, user) !== undefined;
}
