import type { Ctx } from '../../context.ts';
import type { Base } from '../../data/entity.ts';
import { findOne, projectVisible } from '../../data/read.ts';
import { recordEvents } from '../../data/record-events.ts';
import { transaction } from '../../data/transaction.ts';
import { update } from '../../data/write.ts';
import { AppError } from '../../errors.ts';
import { Job, type JobDoc } from '../../models/jobs/job.ts';
import { type Claim, isHeld } from './held.ts';
import {
  type JobError,
  type JobType,
  type JobTypes,
  LostClaim,
  Superseded,
  type Transition,
} from './job-type.ts';

/** The type of a stored job; undefined where this process has no handler for it. */
export function typeOf(types: JobTypes, job: Pick<JobDoc, 'type'>): JobType | undefined {
  return types.get(job.type);
}

/**
 * Tells that a worker has begun, and shows it on the document that waits. A claim is one command on one
 * document, so its event is written here.
 * @throws LostClaim; Superseded when no document waits for it any more
 */
export async function startSubject(ctx: Ctx, type: JobType, claim: Claim): Promise<void> {
  const started = type.subject?.started?.(new Date(ctx.clock()));
  await transaction(ctx, async (tx) => {
    if (!(await update(tx, Job, isHeld(claim), {}, null))) throw new LostClaim();
    if (!started || (await change(tx, type, claim.job, started))) return;
    throw new Superseded('No document waits for it.');
  });
}

/** Shows the result on the document that waits for it, in the transaction that completes the job. */
export async function completeSubject(
  tx: Ctx,
  type: JobType,
  job: JobDoc,
  result: object,
): Promise<void> {
  const completed = type.subject?.completed?.(result, new Date(tx.clock()));
  if (completed) await change(tx, type, job, completed);
}

/**
 * Marks the document that waits for this job as failed, in the transaction that ends the job. The job's id
 * in the filter keeps a stale job from doing so.
 */
export async function failSubject(
  tx: Ctx,
  type: JobType | undefined,
  job: JobDoc,
  error: JobError,
): Promise<void> {
  if (!type) return;
  for (const failed of type.subject?.failed(error, new Date(tx.clock())) ?? []) {
    if (await change(tx, type, job, failed)) return;
  }
}

/**
 * The reverse, when a job is started anew. A document with other work by now is left alone.
 * @throws AppError INVALID_STATE where it is gone, and the job would do nothing
 */
export async function resumeSubject(
  tx: Ctx,
  type: JobType | undefined,
  job: JobDoc,
): Promise<void> {
  if (!type?.subject) return;
  const { entity, id } = type.subject.at(job.input);
  const { where, action, ...resumed } = type.subject.resumed(job._id, job.input);
  if (await update(tx, entity, { _id: id, ...where }, resumed, action)) return;
  if (await findOne(tx, entity, { _id: id }, { projection: { _id: 1 } })) return;
  throw new AppError('INVALID_STATE', 'What the job was to make is gone.');
}

/** Shows how far a job is on the document that waits for it; never backwards. */
export async function advanceSubject(
  tx: Ctx,
  type: JobType | undefined,
  job: Pick<JobDoc, '_id' | 'input'>,
  progress: number,
): Promise<void> {
  if (!type?.subject?.progress) return;
  const { subject } = type;
  const { entity, id } = subject.at(job.input);
  const [path, percent] = [subject.progress as string, Math.floor(progress)];
  const stored = await entity.collection.findOneAndUpdate(
    { _id: id, ...subject.waiting(job._id), [path]: { $lt: percent } },
    { $set: { [path]: percent } },
    {
      returnDocument: 'after',
      projection: projectVisible(entity),
      ...(tx.session && { session: tx.session }),
    },
  );
  if (stored) await recordEvents({ ...tx, job: job._id }, entity, 'updated', [stored as Base]);
}

async function change(
  ctx: Ctx,
  { subject }: JobType,
  job: JobDoc,
  { where, action, ...to }: Transition,
): Promise<boolean> {
  if (!subject) return false;
  const { entity, id } = subject.at(job.input);
  const filter = { _id: id, ...subject.waiting(job._id), ...where };
  const tx = { ...ctx, job: job.parent ?? job._id };
  return (await update(tx, entity, filter, to, action)) !== null;
}
