import type { Ctx } from '../../context.ts';
import { UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { checkReferences } from '../../data/references.ts';
import { transaction } from '../../data/transaction.ts';
import { AppError, invalid } from '../../errors.ts';
import { Job, type JobDoc } from '../../models/jobs/job.ts';
import { readPrices } from '../billing/prices.ts';
import { checkInput } from './input.ts';
import type { JobTypes } from './job-type.ts';
import { enqueue } from './queue.ts';
import { isPriced, priceJob } from './quote.ts';
import { ringJobs } from './ring.ts';

/** What a client asks for by `POST /v1/jobs`. */
interface Asked {
  type?: string;
  input?: object;
  project?: string;
  priority?: number;
  runAfter?: string;
  deadline?: string;
  after?: string[];
  uniqueKey?: string;
  onDuplicate?: 'JOIN' | 'SUPERSEDE';
}

/** How often a unique key is looked at again that another request has taken meanwhile. */
const TRIES = 5;

/**
 * Starts a job of a type that clients may start.
 * @throws AppError VALIDATION_FAILED, FORBIDDEN, INSUFFICIENT_CREDITS, ALLOWANCE_EXCEEDED
 */
export async function startJob(ctx: Ctx, types: JobTypes, asked: Asked): Promise<JobDoc> {
  const { type, startable } = findStartable(types, asked.type);
  const stamp = startable.rule(ctx.actor);
  if (!stamp) throw new AppError('FORBIDDEN', 'You may not do this.');
  // This very request may have stored it before it was cut off.
  const stored = ctx.promisedId && (await findOne(ctx, Job, { _id: ctx.promisedId, ...stamp }));
  if (stored) return stored;
  const { priority, uniqueKey, onDuplicate } = asked;
  const times = readTimes(ctx, asked);
  const project = asked.project ? new UUID(asked.project) : undefined;
  if (project) await checkReferences(ctx, Job, { project });
  const input = checkInput({ input: startable.body }, asked.input ?? {});
  const by = onDuplicate === 'SUPERSEDE' ? 'supersedes' : 'joins';
  const wanted = {
    input,
    ...stamp,
    ...times,
    ...(project && { project }),
    ...(priority !== undefined && { priority }),
    ...(asked.after && { after: asked.after.map((id) => new UUID(id)) }),
    ...(uniqueKey !== undefined && { unique: { key: uniqueKey, by } as const }),
    isAsked: true,
  };
  // What has a price is committed together with others; of the rest its event is written with it.
  const start = () =>
    isPriced(ctx, type)
      ? enqueue(ctx, type, wanted)
      : transaction(ctx, (tx) => enqueue(tx, type, wanted));
  const job = await writeUnique(start);
  await ringJobs(ctx, job);
  return job;
}

/** What a job would cost at most, without starting it. @throws AppError VALIDATION_FAILED */
export async function estimateJob(
  ctx: Ctx,
  types: JobTypes,
  asked: Pick<Asked, 'type' | 'input'>,
): Promise<{ credits: number; priceVersion: string }> {
  const { type, startable } = findStartable(types, asked.type);
  const input = checkInput({ input: startable.body }, asked.input ?? {});
  const credits = await priceJob(ctx, type, input);
  return { credits, priceVersion: readPrices(ctx).version };
}

function findStartable(types: JobTypes, name = '') {
  const type = types.get(name);
  if (type?.startable) return { type, startable: type.startable };
  const known = [...types.values()].filter((t) => t.startable).map((t) => t.name);
  const message = `clients may not start ${name}; they may start: ${known.join(', ') || 'none yet'}`;
  throw invalid([{ path: 'type', message }]);
}

/** Of two with one unique key at once the second finds the first when it looks again. */
async function writeUnique(write: () => Promise<JobDoc>): Promise<JobDoc> {
  for (let i = 1; ; i++) {
    try {
      return await write();
    } catch (error) {
      const isTaken = error instanceof AppError && error.errors?.[0]?.path === 'openKey';
      if (!isTaken || i === TRIES) throw error;
    }
  }
}

/** The longest that a job may wait for its time, in ms: 30 days. */
const LONGEST_WAIT = 30 * 24 * 3_600_000;

function readTimes(ctx: Ctx, { runAfter, deadline }: Asked): { delay?: number; deadline?: Date } {
  const now = ctx.clock();
  const start = runAfter === undefined ? now : Date.parse(runAfter);
  const end = deadline === undefined ? undefined : Date.parse(deadline);
  const faults = [
    ...(start - now > LONGEST_WAIT ? [{ path: 'runAfter', message: 'is over 30 days away' }] : []),
    ...(end !== undefined && end <= Math.max(now, start)
      ? [{ path: 'deadline', message: 'must be later than now, and than runAfter' }]
      : []),
  ];
  if (faults.length > 0) throw invalid(faults);
  return {
    ...(start > now && { delay: (start - now) / 1000 }),
    ...(end !== undefined && { deadline: new Date(end) }),
  };
}
