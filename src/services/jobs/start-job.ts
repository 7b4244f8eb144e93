import type { Ctx } from '../../context.ts';
import { UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { checkReferences } from '../../data/references.ts';
import { transaction } from '../../data/transaction.ts';
import { AppError, invalid } from '../../errors.ts';
import { Job, type JobDoc } from '../../models/jobs/job.ts';
import { checkInput } from './input.ts';
import type { JobTypes } from './job-type.ts';
import { enqueue, ringJobs } from './queue.ts';

/** What a client asks for by `POST /v1/jobs`. */
interface Asked {
  type?: string;
  input?: object;
  project?: string;
  priority?: number;
}

/** Starts a job of a type that clients may start. @throws AppError VALIDATION_FAILED, FORBIDDEN */
export async function startJob(ctx: Ctx, types: JobTypes, asked: Asked): Promise<JobDoc> {
  const type = types.get(asked.type ?? '');
  if (!type?.startable) {
    const startable = [...types.values()].filter((t) => t.startable).map((t) => t.name);
    const known = startable.join(', ') || 'none yet';
    const message = `clients may not start ${asked.type}; they may start: ${known}`;
    throw invalid([{ path: 'type', message }]);
  }
  const stamp = type.startable.rule(ctx.actor);
  if (!stamp) throw new AppError('FORBIDDEN', 'You may not do this.');
  const project = asked.project ? new UUID(asked.project) : undefined;
  if (project) await checkReferences(ctx, Job, { project });
  const input = checkInput({ input: type.startable.body }, asked.input ?? {});
  const { priority } = asked;
  // This very request may have stored it before it was cut off.
  const stored = ctx.promisedId && (await findOne(ctx, Job, { _id: ctx.promisedId }));
  if (stored) return stored;
  const wanted = {
    input,
    ...stamp,
    ...(project && { project }),
    ...(priority !== undefined && { priority }),
  };
  const job = await transaction(ctx, (tx) => enqueue(tx, type, wanted));
  await ringJobs(ctx, job._id);
  return job;
}
