import type { Ctx } from '../../context.ts';
import { databaseTime, upsertCommon } from '../../data/database-time.ts';
import type { Stored } from '../../data/entity.ts';
import { retryDuplicate } from '../../data/failures.ts';
import { idText, newId, type UUID } from '../../data/ids.ts';
import { aggregate, findMany, findOne } from '../../data/read.ts';
import { UNHURRIED } from '../../data/write-concern.ts';
import { Job, type JobQueue } from '../../models/jobs/job.ts';
import { JobTurn, type JobTurnDoc } from '../../models/jobs/job-turn.ts';

// Users take turns, however many jobs one of them has queued (start-time fair queueing). Each job has the
// number of its turn, and a worker takes the least. A user whose jobs have all been served joins right
// before the job that is next (an odd number); each further job of his comes one round later (even
// numbers, two apart). A user's last turn is remembered, so that nobody who asks again as soon as he is
// served goes before those who wait.

type Owner = UUID | null | undefined;

/** Whose lane it is, as a filter; the system's own jobs have one, too. */
function ownLane(queue: JobQueue, user: Owner) {
  return { queue, user: user ?? { $exists: false } };
}

/** Turns of a user that are wanted. */
interface Asked {
  user: Owner;
  count: number;
  /** Of all jobs that they are for. */
  priority: number;
}

/** Turns that were taken. */
export interface Taken {
  turns: number[];
  /** Whether less urgent jobs may wait in the lane: there were some, ever. */
  isMixed: boolean;
}

/**
 * Takes the next turns of a user in a queue, by one atomic command outside of any transaction: two
 * requests of one user never get the same. A turn that is lost with the database, or not used after all, only costs
 * him a place.
 */
export async function takeTurns(
  ctx: Ctx,
  queue: JobQueue,
  { user, count, priority }: Asked,
): Promise<Taken> {
  const alone = { ...ctx, session: undefined };
  const entry = findEntry(ctx, await shareNextTurn(alone, queue));
  const step = (from: string) => ({ $add: [from, { $subtract: [2, { $mod: [from, 2] }] }] });
  const last = count === 1 ? '$first' : { $add: [step('$first'), { $literal: 2 * (count - 2) }] };
  const least = { $min: ['$least', priority] };
  const pipeline = [
    { $set: { ...upsertCommon(ctx, newId(ctx.clock())), queue, ...(user && { user }), least } },
    { $set: { first: { $cond: [{ $gte: ['$last', entry] }, step('$last'), entry] } } },
    { $set: { last } },
  ];
  const projection = { first: 1, least: 1 };
  const options = { upsert: true, returnDocument: 'after', projection, ...UNHURRIED } as const;
  const taken = await retryDuplicate(() =>
    JobTurn.collection.findOneAndUpdate(ownLane(queue, user), pipeline, options),
  );
  const { first, least: now } = taken as Stored & JobTurnDoc; // it is made where there was none
  return { turns: listTurns(first, count), isMixed: now < priority };
}

/**
 * Takes turns of many users in a queue, with two commands: what they had is read, and changed where it is the same
 * still. Who has none yet takes them alone; and so do all, where one was faster elsewhere.
 * @returns what each has taken, in their order
 */
export async function takeTurnsOfMany(
  ctx: Ctx,
  queue: JobQueue,
  asked: (Asked & { user: UUID })[],
): Promise<Taken[]> {
  const takeAlone = (one: Asked) => takeTurns(ctx, queue, one);
  if (asked.length === 1) return Promise.all(asked.map(takeAlone));
  const lanes = await findLanes(ctx, queue, asked);
  const known = asked.flatMap(({ user, count, priority }) => {
    const lane = lanes.get(idText(user));
    if (!lane) return [];
    const taken = { turns: listTurns(findFirst(lane), count), isMixed: lane.least < priority };
    return [{ user, lane, taken, least: Math.min(lane.least, priority) }];
  });
  const isTaken = await changeLanes(known);
  const taken = new Map(isTaken ? known.map((one) => [idText(one.user), one.taken]) : []);
  return Promise.all(asked.map((one) => taken.get(idText(one.user)) ?? takeAlone(one)));
}

/** The lane of a user, and the turn at which who joins the queue begins. */
type Lane = JobTurnDoc & { entry: number };

async function findLanes(ctx: Ctx, queue: JobQueue, asked: Asked[]): Promise<Map<string, Lane>> {
  const alone = { ...ctx, session: undefined };
  const theirs = { queue, user: { $in: asked.map(({ user }) => user) } };
  const projection = { user: 1, last: 1, least: 1, entry: enterByClock(ctx) };
  const [next, lanes] = await Promise.all([
    shareNextTurn(alone, queue),
    findMany(alone, JobTurn, theirs, { projection, limit: asked.length }) as Promise<Lane[]>,
  ]);
  const found =
    next === undefined ? lanes : lanes.map((lane) => ({ ...lane, entry: enterBefore(next) }));
  return new Map(found.map((lane) => [idText(lane.user as UUID), lane]));
}

/** Writes what was taken; false where somebody else has taken some of it meanwhile. */
async function changeLanes(known: { lane: Lane; taken: Taken; least: number }[]): Promise<boolean> {
  if (known.length === 0) return true;
  const updates = known.map(({ lane: { _id, last }, taken: { turns }, least }) => {
    const set = { first: turns[0], last: turns.at(-1), least };
    const change = { $set: set, $inc: { version: 1 }, $currentDate: { updatedAt: true as const } };
    return { updateOne: { filter: { _id, last }, update: change } };
  });
  const options = { ordered: false, ...UNHURRIED };
  const { matchedCount } = await JobTurn.collection.bulkWrite(updates, options);
  return matchedCount === updates.length;
}

/** The turn of who joins a queue, as an expression. */
function findEntry(ctx: Ctx, next: number | undefined) {
  return next === undefined ? enterByClock(ctx) : { $literal: enterBefore(next) };
}

/** Right before the next job. */
function enterBefore(next: number): number {
  return next - ((next + 1) % 2);
}

/** An empty queue begins anew, later than whatever was in it: by the clock, a million turns a second. */
function enterByClock(ctx: Ctx) {
  const second = { $floor: { $divide: [{ $toLong: databaseTime(ctx) }, 1000] } };
  return { $add: [{ $toLong: { $multiply: [second, 1_000_000] } }, 1] };
}

/** The first turn of a user whose last one is known, as `takeTurns` has the database compute it. */
function findFirst({ last, entry }: { last: number; entry: number }): number {
  return last >= entry ? followingTurn(last) : entry;
}

/** The turn one round after this one. */
function followingTurn(turn: number): number {
  return turn + 2 - (turn % 2);
}

function listTurns(first: number, count: number): number[] {
  const further = followingTurn(first);
  return Array.from({ length: count }, (_, n) => (n === 0 ? first : further + 2 * (n - 1)));
}

const looking = new Map<JobQueue, Promise<number | undefined>>();

/** Those who ask while somebody looks get the same answer: which job is next changes at any moment. */
function shareNextTurn(ctx: Ctx, queue: JobQueue): Promise<number | undefined> {
  const begun = looking.get(queue);
  if (begun) return begun;
  const look = findNextTurn(ctx, queue).finally(() => {
    if (looking.get(queue) === look) looking.delete(queue);
  });
  looking.set(queue, look);
  return look;
}

/** Has nobody wait for a look that has begun, as in a process that is new. */
export const forgetLooks = (): void => looking.clear();

/** The turn of the job that is next in a queue. */
async function findNextTurn(ctx: Ctx, queue: JobQueue): Promise<number | undefined> {
  const waiting = { queue, status: 'QUEUED', waitsFor: 'WORKER' };
  const options = { projection: { turn: 1 }, sort: { turn: 1 }, hint: 'claim' } as const;
  const job = await findOne(ctx, Job, waiting, options);
  return job?.turn ?? undefined;
}

/**
 * Lets a job go before its owner's less urgent ones: it gets the turn of the first of them, and each
 * of them the next one's. Nobody else's turn changes. @returns the job's turn
 */
export async function goBeforeOwn(
  ctx: Ctx,
  queue: JobQueue,
  user: Owner,
  { priority, turn }: { priority: number; turn: number },
): Promise<number> {
  const behind = {
    ...ownLane(queue, user),
    status: 'QUEUED',
    waitsFor: 'WORKER',
    priority: { $lt: priority },
  };
  const least = { $group: { _id: null, first: { $min: '$turn' } } };
  const hint = { hint: 'own' }; // others hold all of the user's jobs, of whatever priority
  const [found] = await aggregate<{ first: number }>(ctx, Job, [{ $match: behind }, least], hint);
  if (!found || found.first >= turn) return turn;
  await Job.collection.updateMany(
    { ...behind, turn: { $gte: found.first } },
    { $inc: { turn: 2 } },
    { ...hint, ...(ctx.session && { session: ctx.session }) },
  );
  return found.first;
}
