import type { Ctx } from '../../context.ts';
import type { Entity } from '../../data/entity.ts';
import { findOne } from '../../data/read.ts';
import { update } from '../../data/write.ts';
import { deleteUnder } from '../../providers/s3.ts';
import { Superseded, type Work } from '../jobs/job-type.ts';
import { deleteEarlier, factsOf } from './derivatives.ts';
import { type Derivative, isVersion, type Medium, Version } from './medium.ts';
import type { ProcessResult } from './process-job.ts';
import type { Processed } from './processor.ts';
import { type ProcessInput, waitsFor } from './subject.ts';
import { MediumUnsettled, mediumOf, swapBytes, trimVersions } from './versions.ts';

/** What a run has made of a medium's bytes. */
export interface Made {
  processed: Omit<Processed, 'segments'>;
  derivatives: Derivative[];
  /** Base64 of the SHA-256 of the bytes. */
  checksum: string;
  /** Where the derivatives are; without a slash at its end. */
  folder: string;
}

/**
 * Publishes what was made, in one transaction with the completion of the job, and deletes what was shown
 * before. A version takes its medium's place by it.
 * @throws Superseded when the medium is gone or has other bytes by now; MediumUnsettled; LostClaim
 */
export async function publish(
  work: Work<ProcessInput, ProcessResult>,
  entity: Entity<Medium>,
  medium: Medium,
  made: Made,
): Promise<ProcessResult> {
  const { ctx, input, job } = work;
  const { _id } = medium;
  const waiting = { _id, 'object.etag': input.etag, ...waitsFor(job._id) };
  const result = await work.complete(async (tx): Promise<ProcessResult> => {
    const document = await update(tx, entity, waiting, changeTo(entity, made), 'ready');
    if (!document) throw new Superseded('The medium waits for this job no longer.');
    if (isVersion(entity)) await takePlace(tx, document);
    return { document: _id, superseded: false };
  });
  if (isVersion(entity)) {
    const of = mediumOf(medium);
    await trimVersions(ctx, of.entity, { ...medium, _id: of.id });
  }
  // By name, never "all but mine": a worker that is late must not touch what another has made since.
  if (medium.derivativesPath && medium.derivativesPath !== made.folder) {
    await deleteUnder(`${medium.derivativesPath}/`);
  }
  await deleteEarlier(made.folder);
  return result;
}

function changeTo(entity: Entity, { processed, derivatives, checksum, folder }: Made) {
  const { contentType, metadata, facts, warnings } = processed;
  const set = {
    ...{ status: 'READY', stands: true, progress: 100, contentType, checksum, metadata },
    ...factsOf(entity, facts),
    ...{ derivatives, derivativesPath: folder },
    ...(warnings.length > 0 && { warnings }),
  };
  // A stream lies among the derivatives that go now.
  const stream = 'stream' in entity.shape.fields ? ['stream', 'streamPath'] : [];
  return { set, unset: ['error', ...(warnings.length > 0 ? [] : ['warnings']), ...stream] };
}

/** A version that is READY becomes what its medium shows. */
async function takePlace(tx: Ctx, { _id }: Medium): Promise<void> {
  const version = await findOne(tx, Version, { _id }, { projection: { outbox: 0 } });
  if (version && (await swapBytes(tx, version, 'replace'))) return;
  throw new MediumUnsettled();
}
