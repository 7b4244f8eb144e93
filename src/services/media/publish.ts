import type { Ctx } from '../../context.ts';
import type { Entity } from '../../data/entity.ts';
import { findOne, WHOLE } from '../../data/read.ts';
import { update } from '../../data/write.ts';
import { deleteUnder } from '../../providers/s3.ts';
import { Superseded, type Work } from '../jobs/job-type.ts';
import { deleteEarlier, toStoredFacts } from './derivatives.ts';
import { type Derivative, isVersion, type Medium, Version } from './medium.ts';
import { buildWaitingFilter, type ProcessInput } from './medium-subject.ts';
import type { ProcessResult } from './process-job.ts';
import type { Processed } from './processor.ts';
import { MediumUnsettled, mediumOf, swapBytes, trimVersions } from './versions.ts';

/** The output of processing a medium's bytes. */
export interface ProcessingOutput {
  processed: Omit<Processed, 'segments'>;
  derivatives: Derivative[];
  /** Base64 of the SHA-256 of the bytes. */
  checksum: string;
  /** The S3 folder of the derivatives, without a trailing slash. */
  folder: string;
}

/**
 * Publishes facts and derivatives in one transaction with the completion of the job, then deletes
 * the derivatives published before. A version exchanges its bytes with its medium's in the same
 * transaction.
 * @throws Superseded when the medium is gone or its bytes were replaced; MediumUnsettled; LostClaim
 */
export async function publish(
  work: Work<ProcessInput, ProcessResult>,
  entity: Entity<Medium>,
  medium: Medium,
  output: ProcessingOutput,
): Promise<ProcessResult> {
  const { ctx, input, job } = work;
  const { _id } = medium;
  const waiting = { _id, 'object.etag': input.etag, ...buildWaitingFilter(job._id) };
  const result = await work.complete(async (tx): Promise<ProcessResult> => {
    const document = await update(tx, entity, waiting, buildUpdate(entity, output), 'ready');
    if (!document) throw new Superseded('The medium no longer waits for this job.');
    if (isVersion(entity)) await swapWithMedium(tx, document);
    return { document: _id, superseded: false };
  });
  if (isVersion(entity)) {
    const former = mediumOf(medium);
    await trimVersions(ctx, former.entity, { ...medium, _id: former.id });
  }
  // Deletes named folders, never "all but this one": a late worker must not delete what a newer one
  // made.
  if (medium.derivativesPath && medium.derivativesPath !== output.folder) {
    await deleteUnder(`${medium.derivativesPath}/`);
  }
  await deleteEarlier(output.folder);
  return result;
}

function buildUpdate(
  entity: Entity,
  { processed, derivatives, checksum, folder }: ProcessingOutput,
) {
  const { contentType, metadata, facts, warnings } = processed;
  const set = {
    ...{ status: 'READY', stands: true, progress: 100, contentType, checksum, metadata },
    ...toStoredFacts(entity, facts),
    ...{ derivatives, derivativesPath: folder },
    ...(warnings.length > 0 && { warnings }),
  };
  // The stream is stored below the old derivatives, which are deleted.
  const stream = 'stream' in entity.shape.fields ? ['stream', 'streamPath'] : [];
  return { set, unset: ['error', ...(warnings.length > 0 ? [] : ['warnings']), ...stream] };
}

/** Exchanges the bytes of a READY version with those of its medium. */
async function swapWithMedium(tx: Ctx, { _id }: Medium): Promise<void> {
  const version = await findOne(tx, Version, { _id }, WHOLE);
  if (version && (await swapBytes(tx, version, 'replace'))) return;
  throw new MediumUnsettled();
}
