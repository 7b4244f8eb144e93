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
  abortMultipart,
  type Completion,
  completeMultipart,
  listAllParts,
  type StoredPart,
} from '../../providers/multipart.ts';
import { headObject } from '../../providers/s3.ts';
import { idInput } from '../jobs/input.ts';
import { JobFailure, type JobType } from '../jobs/job-type.ts';
import { enqueue, ringJobs } from '../jobs/queue.ts';
import { getMediumEntity, type Medium } from '../media/medium.ts';
import { noteUpload } from './arrivals.ts';
import { getPartPlan, getPartSize, notMultipart, unknownUpload } from './multipart.ts';

/** How long a request waits for S3 to assemble the parts, in ms; after that a job does it. */
const PATIENCE_MS = 8000;
const MOST_FAULTS = 100;

/** A part as the client lists it when it completes an upload. */
export type NamedPart = Pick<StoredPart, 'partNumber' | 'etag'>;

/**
 * Completes a multipart upload, and sets the medium to PROCESSING. Idempotent: does nothing once
 * the medium has its bytes, because a response may be lost, and S3's event may come first.
 * @returns the job that completes it, if S3 takes too long
 * @throws AppError VALIDATION_FAILED with the wrong parts, INVALID_STATE, CONFLICT
 */
export async function completeParts(
  ctx: Ctx,
  entity: Entity<Medium>,
  medium: Medium,
  given: NamedPart[],
  patience = PATIENCE_MS,
): Promise<UUID | undefined> {
  if (!medium.multipart) throw notMultipart();
  if (medium.status !== 'AWAITING_UPLOAD') return undefined;
  const { filePath, multipart } = medium;
  const { uploadId } = multipart;
  const inS3 = uploadId ? await listAllParts(filePath, uploadId) : null;
  if (uploadId && inS3) {
    const faults = findFaults(medium, given, inS3);
    if (faults.length > 0) throw invalid(faults);
    const running = await findRunningJob(ctx, medium);
    if (running) return running;
    const signal = AbortSignal.timeout(patience);
    try {
      refuseCompletion(await completeInS3(filePath, uploadId, given, signal));
    } catch (error) {
      if (!signal.aborted) throw error;
      return enqueueCompletion(ctx, entity, medium);
    }
  }
  if (await checkArrived(ctx, entity, medium)) return undefined;
  // A concurrent request may be completing it: then the object appears a little later.
  const isThere = uploadId && (await waitForObject(filePath, AbortSignal.timeout(patience)));
  if (isThere && (await checkArrived(ctx, entity, medium))) return undefined;
  throw unknownUpload();
}

/** Whether the medium has its bytes, after looking for them in S3. @throws AppError NOT_FOUND */
async function checkArrived(
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
  /** The upload whose parts were checked: the job completes no other. */
  uploadId: string;
}

/** Completes an upload whose parts were checked, however long S3 takes. */
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
      const parts = await listAllParts(filePath, uploadId);
      const completion =
        parts && (await completeInS3(filePath, uploadId, [...parts.values()], signal));
      if (completion && completion !== 'COMPLETED') {
        const message = `S3 did not assemble the parts: ${completion}.`;
        throw new JobFailure('UPLOAD_REFUSED', message, { retryable: true });
      }
      await noteUpload(ctx, { key: filePath, sequencer: '' });
    }
    return { superseded: !medium };
  },
};

/** The unfinished job that completes this upload, if there is one. */
async function findRunningJob(ctx: Ctx, { multipart }: Medium): Promise<UUID | undefined> {
  if (!multipart?.completing) return undefined;
  const open = { _id: multipart.completing, status: { $in: ['QUEUED', 'RUNNING'] } };
  return (await findOne(ctx, Job, open, { projection: { _id: 1 } }))?._id;
}

async function enqueueCompletion(
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

/** Completes in S3. Also COMPLETED if S3 refuses because somebody else completed it first. */
async function completeInS3(
  key: string,
  uploadId: string,
  parts: NamedPart[],
  signal: AbortSignal,
): Promise<Completion> {
  const completion = await completeMultipart(key, uploadId, parts, signal);
  if (completion === 'COMPLETED' || !(await waitForObject(key, signal))) return completion;
  // Another upload created the object first, so the parts of this one are useless.
  if (completion === 'PreconditionFailed') await abortMultipart(key, uploadId);
  return 'COMPLETED';
}

/**
 * Waits for an object: a concurrent completion removes the parts first, and the object appears a
 * little later.
 */
async function waitForObject(key: string, signal: AbortSignal): Promise<boolean> {
  for (const wait of WAITS_MS) {
    if (await headObject(key)) return true;
    await setTimeout(wait, undefined, { signal });
  }
  return (await headObject(key)) !== null;
}

const WAITS_MS = [50, 100, 200, 400, 800];

/**
 * Refuses what S3 refuses: a part may have been uploaded again after the list of parts was read.
 */
function refuseCompletion(completion: Completion): void {
  const fault = FAULTS[completion];
  if (fault) throw invalid([{ path: 'parts', message: fault }]);
  if (completion === 'NoSuchUpload') throw unknownUpload();
  if (completion !== 'COMPLETED') {
    const message = 'This upload is being completed by another request.';
    throw new AppError('CONFLICT', message, { retryAfter: 1 });
  }
}

const FAULTS: Partial<Record<Completion, string>> = {
  InvalidPart: 'one of them was uploaded again meanwhile',
  InvalidPartOrder: 'parts must be in ascending order, each once',
  EntityTooSmall: 'one of them is too small',
};

/** Compares the parts that a client lists with those in S3, and lists every fault. */
function findFaults(medium: Medium, given: NamedPart[], inS3: Map<number, StoredPart>): Fault[] {
  const { partCount } = getPartPlan(medium);
  const faults: Fault[] = [];
  const named = new Set(given.map((part) => part.partNumber));
  let before = 0;
  for (const [i, { partNumber, etag }] of given.entries()) {
    const addFault = (name: string, message: string) =>
      faults.push({ path: `parts.${i}.${name}`, message });
    const stored = inS3.get(partNumber);
    if (partNumber > partCount) addFault('partNumber', `there are ${partCount} parts`);
    else if (partNumber <= before)
      addFault('partNumber', 'parts must be in ascending order, each once');
    else if (!stored) addFault('partNumber', `part ${partNumber} has not arrived`);
    else if (stored.etag !== etag)
      addFault('etag', `differs from that of part ${partNumber} in S3`);
    else if (stored.size !== getPartSize(medium, partNumber)) {
      const sizes = `${stored.size} bytes, not ${getPartSize(medium, partNumber)}`;
      addFault('partNumber', `part ${partNumber} has ${sizes}`);
    }
    before = Math.max(before, partNumber);
  }
  for (let n = 1; n <= partCount && faults.length < MOST_FAULTS; n++) {
    if (named.has(n)) continue;
    const what = inS3.has(n) ? 'is not listed' : 'has not arrived';
    faults.push({ path: 'parts', message: `part ${n} ${what}` });
  }
  return faults.slice(0, MOST_FAULTS);
}
