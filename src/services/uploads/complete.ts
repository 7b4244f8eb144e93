import { setTimeout } from 'node:timers/promises';
import Joi from 'joi';
import type { Ctx } from '../../context.ts';
import type { Entity } from '../../data/entity.ts';
import type { UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { transaction } from '../../data/transaction.ts';
import { AppError, type Fault, invalid, notFound } from '../../errors.ts';
import { Job } from '../../models/jobs/job.ts';
import {
  abort,
  allParts,
  type Completion,
  complete as completeInS3,
  type StoredPart,
} from '../../providers/multipart.ts';
import { head } from '../../providers/s3.ts';
import { idInput } from '../jobs/input.ts';
import { JobFailure, type JobType } from '../jobs/job-type.ts';
import { enqueue, ringJobs } from '../jobs/queue.ts';
import { getMediumEntity, type Medium } from '../media/medium.ts';
import { noteUpload } from './arrivals.ts';
import { planOf, sentAtOnce, sizeOf, unknownUpload } from './multipart.ts';

/** How long a request waits for S3 to put the parts together, in ms; then a job does. */
const PATIENCE = 8000;
const MOST_FAULTS = 100;

/** A part as a client names it when it completes an upload. */
export type NamedPart = Pick<StoredPart, 'partNumber' | 'etag'>;

/**
 * Makes the file of its parts; the medium is PROCESSING then. Once that is so, says nothing more: an
 * answer may be lost, and S3's event may come first.
 * @returns the job that goes on with it, where it takes S3 too long
 * @throws AppError VALIDATION_FAILED naming the parts at fault, INVALID_STATE, CONFLICT
 */
export async function completeParts(
  ctx: Ctx,
  entity: Entity<Medium>,
  medium: Medium,
  given: NamedPart[],
  patience = PATIENCE,
): Promise<UUID | undefined> {
  if (!medium.multipart) throw sentAtOnce();
  if (medium.status !== 'AWAITING_UPLOAD') return undefined;
  const { filePath, multipart } = medium;
  const { uploadId } = multipart;
  const there = uploadId ? await allParts(filePath, uploadId) : null;
  if (uploadId && there) {
    const faults = faultsOf(medium, given, there);
    if (faults.length > 0) throw invalid(faults);
    const running = await jobOf(ctx, medium);
    if (running) return running;
    const signal = AbortSignal.timeout(patience);
    try {
      refuse(await settled(filePath, uploadId, given, signal));
    } catch (error) {
      if (!signal.aborted) throw error;
      return handOver(ctx, entity, medium);
    }
  }
  if (await isNoted(ctx, entity, medium)) return undefined;
  // Whoever else completes it at this moment shows the file a little later.
  const isThere = uploadId && (await appears(filePath, AbortSignal.timeout(patience)));
  if (isThere && (await isNoted(ctx, entity, medium))) return undefined;
  throw unknownUpload();
}

/** Whether the medium has its bytes by now. @throws AppError NOT_FOUND */
async function isNoted(
  ctx: Ctx,
  entity: Entity<Medium>,
  { _id, filePath }: Medium,
): Promise<boolean> {
  await noteUpload(ctx, { key: filePath, sequencer: '' });
  const now = await findOne(ctx, entity, { _id }, { projection: { status: 1 } });
  if (!now) throw notFound();
  return now.status !== 'AWAITING_UPLOAD';
}

interface CompleteInput {
  entity: string;
  document: UUID;
  /** Whose parts have been checked: another one is none of this job's business. */
  uploadId: string;
}

/** Completes an upload whose parts have been checked, however long it takes S3. */
export const completeUpload: JobType<CompleteInput, { superseded: boolean }> = {
  name: 'complete-upload',
  input: Joi.object<CompleteInput>({
    entity: Joi.string().required(),
    document: idInput().required(),
    uploadId: Joi.string().required(),
  }),
  queue: 'media',
  async run({ ctx, input, signal }) {
    const { entity, document, uploadId } = input;
    const awaited = {
      ...{ _id: document, status: 'AWAITING_UPLOAD' },
      'multipart.uploadId': uploadId,
    };
    const projection = { outbox: 0 };
    const medium = await findOne(ctx, getMediumEntity(entity), awaited, { projection });
    if (medium) {
      const { filePath } = medium;
      const parts = await allParts(filePath, uploadId);
      const completion = parts && (await settled(filePath, uploadId, [...parts.values()], signal));
      if (completion && completion !== 'COMPLETED') {
        const message = `S3 did not put the parts together: ${completion}.`;
        throw new JobFailure('UPLOAD_REFUSED', message, { retryable: true });
      }
      await noteUpload(ctx, { key: filePath, sequencer: '' });
    }
    return { superseded: !medium };
  },
};

/** The job that is completing an upload already, if there is one. */
async function jobOf(ctx: Ctx, { multipart }: Medium): Promise<UUID | undefined> {
  if (!multipart?.completing) return undefined;
  const open = { _id: multipart.completing, status: { $in: ['QUEUED', 'RUNNING'] } };
  return (await findOne(ctx, Job, open, { projection: { _id: 1 } }))?._id;
}

async function handOver(
  ctx: Ctx,
  entity: Entity<Medium>,
  medium: Medium,
): Promise<UUID | undefined> {
  const { _id, user, project } = medium;
  const uploadId = medium.multipart?.uploadId as string;
  const input = { entity: entity.name, document: _id, uploadId };
  const job = await transaction(ctx, async (tx) => {
    const made = await enqueue(tx, completeUpload, { input, user, project });
    const session = tx.session && { session: tx.session };
    await entity.collection.updateOne(
      { _id, 'multipart.uploadId': uploadId },
      { $set: { 'multipart.completing': made._id } },
      { ...session },
    );
    return made._id;
  });
  await ringJobs(ctx, job);
  return job;
}

/** Completes in S3. Whatever S3 says: once the file is there it is completed, by whomever. */
async function settled(
  key: string,
  uploadId: string,
  parts: NamedPart[],
  signal: AbortSignal,
): Promise<Completion> {
  const completion = await completeInS3(key, uploadId, parts, signal);
  if (completion === 'COMPLETED' || !(await appears(key, signal))) return completion;
  // Another upload was first: the parts of this one are of no use.
  if (completion === 'PreconditionFailed') await abort(key, uploadId);
  return 'COMPLETED';
}

/** Whoever completes it at the same moment takes the parts away first, and shows the file a little later. */
async function appears(key: string, signal: AbortSignal): Promise<boolean> {
  for (const wait of WAITS) {
    if (await head(key)) return true;
    await setTimeout(wait, undefined, { signal });
  }
  return (await head(key)) !== null;
}

const WAITS = [50, 100, 200, 400, 800];

/** S3 has the last word: a part may have been sent again since its list was read. */
function refuse(completion: Completion): void {
  const fault = FAULTS[completion];
  if (fault) throw invalid([{ path: 'parts', message: fault }]);
  if (completion === 'NoSuchUpload') throw unknownUpload();
  if (completion !== 'COMPLETED') {
    throw new AppError('CONFLICT', 'It is being completed just now.', { retryAfter: 1 });
  }
}

const FAULTS: Partial<Record<Completion, string>> = {
  InvalidPart: 'one of them has been sent again meanwhile',
  InvalidPartOrder: 'parts come in ascending order, each once',
  EntityTooSmall: 'one of them is too small',
};

/** All that is wrong with the parts that a client names, against those that S3 has. */
function faultsOf(medium: Medium, given: NamedPart[], there: Map<number, StoredPart>): Fault[] {
  const { partCount } = planOf(medium);
  const faults: Fault[] = [];
  const named = new Set(given.map((part) => part.partNumber));
  let before = 0;
  for (const [i, { partNumber, etag }] of given.entries()) {
    const fault = (name: string, message: string) =>
      faults.push({ path: `parts.${i}.${name}`, message });
    const stored = there.get(partNumber);
    if (partNumber > partCount) fault('partNumber', `there are ${partCount} parts`);
    else if (partNumber <= before) fault('partNumber', 'parts come in ascending order, each once');
    else if (!stored) fault('partNumber', `part ${partNumber} has not arrived`);
    else if (stored.etag !== etag) fault('etag', `is not that of part ${partNumber} in S3`);
    else if (stored.size !== sizeOf(medium, partNumber)) {
      const sizes = `${stored.size} bytes, not ${sizeOf(medium, partNumber)}`;
      fault('partNumber', `part ${partNumber} has ${sizes}`);
    }
    before = Math.max(before, partNumber);
  }
  for (let n = 1; n <= partCount && faults.length < MOST_FAULTS; n++) {
    if (named.has(n)) continue;
    const what = there.has(n) ? 'is not named' : 'has not arrived';
    faults.push({ path: 'parts', message: `part ${n} ${what}` });
  }
  return faults.slice(0, MOST_FAULTS);
}
