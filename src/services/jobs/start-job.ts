import type { Ctx } from '../../context.ts';
import { UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { checkReferences } from '../../data/references.ts';
import { transaction } from '../../data/transaction.ts';
import { AppError, invalid, mergeFaults } from '../../errors.ts';
import { Job, type JobDoc } from '../../models/jobs/job.ts';
import { readPrices } from '../billing/prices.ts';
import { findJobFaults, refuseKey } from './find-job-faults.ts';
import { checkInput } from './input.ts';
import { readTimes } from './job-times.ts';
import { enqueue } from './queue.ts';
import { isPriced, priceJob } from './quote.ts';
import { ringJobs } from './ring.ts';
import {
  type Asked,
  findStartable,
  isInvalid,
  readInput,
  type Startable,
  type Starter,
  withinInput,
} from './startable.ts';

/** How often a unique key is looked at again that another request has taken meanwhile. */
const TRIES = 5;

/**
 * Starts a job of a type that clients may start.
 * @throws AppError VALIDATION_FAILED with every fault, FORBIDDEN, INSUFFICIENT_CREDITS, ALLOWANCE_EXCEEDED
 */
export async function startJob(ctx: Ctx, all: Startable, asked: Asked): Promise<JobDoc> {
  try {
    return await startOne(ctx, all, asked);
  } catch (error) {
    if (!isInvalid(error)) throw error;
    throw invalid(mergeFaults(error.errors ?? [], await findJobFaults(ctx, all, asked)));
  }
}

async function startOne(ctx: Ctx, all: Startable, asked: Asked): Promise<JobDoc> {
  const starter = all.starters[asked.type ?? ''];
  if (starter) return startWithDocument(ctx, starter, asked);
  const { type, startable } = findStartable(all, asked.type);
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

/** Starts a job by way of the document that waits for it. */
async function startWithDocument(ctx: Ctx, starter: Starter, asked: Asked): Promise<JobDoc> {
  const { priority, after, uniqueKey } = asked;
  if (uniqueKey !== undefined) {
    throw invalid([refuseKey(asked.type)]);
  }
  const how = {
    ...readTimes(ctx, asked),
    ...(priority !== undefined && { priority }),
    ...(after && { after: after.map((id) => new UUID(id)) }),
  };
  return withinInput(() => starter.start(ctx, readInput(ctx, starter, asked), how));
}

/** What a job would cost at most, without starting it. @throws AppError VALIDATION_FAILED */
export async function estimateJob(
  ctx: Ctx,
  all: Startable,
  asked: Pick<Asked, 'type' | 'input'>,
): Promise<{ credits: number; priceVersion: string }> {
  const priceVersion = readPrices(ctx).version;
  const starter = all.starters[asked.type ?? ''];
  if (starter) {
    const estimate = () => starter.estimate(ctx, readInput(ctx, starter, asked));
    return { credits: await withinInput(estimate), priceVersion };
  }
  const { type, startable } = findStartable(all, asked.type);
  const input = checkInput({ input: startable.body }, asked.input ?? {});
  const credits = await priceJob(ctx, type, input);
  return { credits, priceVersion };
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
