import type { Ctx } from '../../context.ts';
import type { Entity, Stored } from '../../data/entity.ts';
import type { UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { transaction } from '../../data/transaction.ts';
import { update } from '../../data/write.ts';
import { MediumVersion } from '../../models/media/medium-version.ts';
import { deleteUnder } from '../../providers/s3.ts';
import { complete } from '../jobs/queue.ts';
import { NotYet, type Work } from '../jobs/worker.ts';
import { factsOf, type Showing } from './derivatives.ts';
import { type Medium, waitsFor } from './keys.ts';
import type { Processed } from './processor.ts';
import { isVersion } from './reprocess.ts';
import { mediumOf, swap, trimVersions } from './versions.ts';

/** What a job is told that looks at a medium's bytes. */
export interface ProcessInput {
  entity: string;
  document: UUID;
  /** Of the bytes that are to be looked at. */
  etag: string;
}

/** The medium, if it still has the bytes that a job is about, and waits for it. */
export async function current(
  { ctx, claim }: Work,
  entity: Entity,
  input: ProcessInput,
): Promise<Medium | null> {
  const projection = { outbox: 0 };
  const found = await findOne(ctx, entity, waitingFor(claim, input), { projection });
  return found as unknown as Medium | null;
}

function waitingFor({ job }: Work['claim'], { document, etag }: ProcessInput) {
  return { _id: document, 'object.etag': etag, ...waitsFor(job._id) };
}

interface Result {
  processed: Processed;
  shown: Pick<Showing, 'complete'>;
  checksum: string;
  target: string;
}

/**
 * Shows what was made, and deletes what was shown before; or what was made, when the medium has gone or has
 * other bytes by now. @throws Error when another worker has the job
 */
export async function publish(
  work: Work,
  entity: Entity,
  medium: Medium,
  input: ProcessInput,
  result: Result,
): Promise<void> {
  const { target } = result;
  if (!(await show(work, entity, medium, input, result))) {
    await deleteUnder(`${target}/`);
    return;
  }
  if (isVersion(entity)) {
    const of = mediumOf(medium as unknown as Stored);
    await trimVersions(work.ctx, of.entity, { ...medium, _id: of.id });
  }
  // By name, never "all but mine": a worker that is late must not touch what another has made since.
  if (medium.derivativesPath && medium.derivativesPath !== target) {
    await deleteUnder(`${medium.derivativesPath}/`);
  }
}

/** The document and its job change together, if both are still what this worker was given. */
async function show(
  { ctx, claim }: Work,
  entity: Entity,
  medium: Medium,
  input: ProcessInput,
  { processed, shown, checksum, target }: Result,
): Promise<boolean> {
  const { contentType, metadata, facts, warnings } = processed;
  const set = {
    status: 'READY',
    stands: true,
    progress: 100,
    contentType,
    checksum,
    metadata,
    ...factsOf(entity, facts),
    derivatives: shown.complete(),
    derivativesPath: target,
    ...(warnings.length > 0 && { warnings }),
  };
  // A stream lies among the derivatives that go now.
  const stream = 'stream' in entity.shape.fields ? ['stream', 'streamPath'] : [];
  const unset = ['error', ...(warnings.length > 0 ? [] : ['warnings']), ...stream];
  return transaction(ctx, async (tx) => {
    const mine = waitingFor(claim, input);
    const document = await update(tx, entity, mine, { set, unset }, 'ready');
    if (document && isVersion(entity)) await takePlace(tx, document as unknown as Stored);
    const done = await complete(tx, claim, { document: medium._id, superseded: !document });
    if (!done) throw new Error('The job was taken by another worker.');
    return document !== null;
  });
}

/** A version that is READY becomes what its medium shows. */
async function takePlace(ctx: Ctx, { _id }: Stored): Promise<void> {
  const whole = { projection: { outbox: 0 } };
  const version = (await findOne(ctx, MediumVersion, { _id }, whole)) as unknown as Stored;
  if (await swap(ctx, version, 'replace')) return;
  throw new NotYet('What it is to replace is being processed.');
}
