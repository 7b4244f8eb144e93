import mongoose, { type mongo } from 'mongoose';
import type { Stored } from '../entity.ts';
import { isInvalid } from '../failures.ts';
import type { Change } from './migration.ts';
import { saveRecord } from './records.ts';
import type { Run } from './steps.ts';

const BATCH = 500;

interface BatchStep {
  /** The position is stored under this. */
  key: string;
  /** For whoever watches. */
  name: string;
  collection: string;
  filter: mongo.Filter<Stored>;
  change: Change;
}

/** Changes documents in batches, from where an earlier run stopped. `proceed` throws to stop between two. */
export async function changeInBatches(
  run: Run,
  { key, name, collection, filter, change }: BatchStep,
  proceed: () => void,
): Promise<void> {
  const { db, hold, progress, tell } = run;
  const documents = db.collection<Stored>(collection);
  const rest = (): mongo.Filter<Stored> => {
    const { after } = progress.steps[key] ?? {};
    return after === undefined ? filter : { $and: [filter, { _id: { $gt: after } }] };
  };
  let { done, isOver } = progress.steps[key] ?? { done: 0, isOver: false };
  if (isOver) return tell(`  ${name}: done before`);
  const all = done + (await documents.countDocuments(rest()));
  tell(`  ${name}: ${done} of ${all} ${collection}`);
  while (!isOver) {
    proceed();
    const found = await documents
      .find(rest(), { projection: { _id: 1 }, sort: { _id: 1 }, limit: BATCH })
      .toArray();
    const ids = found.map(({ _id }) => _id);
    isOver = ids.length < BATCH;
    done += ids.length;
    const after = ids.at(-1) ?? progress.steps[key]?.after;
    const steps = {
      ...progress.steps,
      [key]: { done, isOver, ...(after !== undefined && { after }) },
    };
    await hold.write(async (session) => {
      // Read again within the transaction: what others change meanwhile is not overwritten.
      const batch = await documents
        .find({ $and: [filter, { _id: { $in: ids } }] }, { session, sort: { _id: 1 } })
        .toArray();
      const writes = batch.length > 0 ? change(batch) : [];
      if (writes.length > 0) await write(documents, writes, session, name);
      await saveRecord(db, session, run.name, { progress: { ...progress, steps } });
    });
    progress.steps = steps;
    if (ids.length > 0) tell(`  ${name}: ${done} of ${Math.max(all, done)} ${collection}`);
  }
}

async function write(
  documents: mongo.Collection<Stored>,
  writes: mongo.AnyBulkWriteOperation<Stored>[],
  session: mongo.ClientSession,
  step: string,
): Promise<void> {
  try {
    await documents.bulkWrite(writes, { session });
  } catch (error) {
    if (!(error instanceof mongoose.mongo.MongoBulkWriteError) || !isInvalid(error)) throw error;
    const [failed] = [error.writeErrors].flat();
    const which = `${documents.collectionName} ${failed?.err.errInfo?.failingDocumentId ?? ''}`;
    throw new Error(`${step}: ${which} does not fit its validator.`, { cause: error });
  }
}
