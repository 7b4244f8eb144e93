import type { mongo } from 'mongoose';
import type { Stored } from '../entity.ts';
import { readErrorCode } from '../failures.ts';
import { applyChange } from './change-validator.ts';
import { type Definition, getIndexName, readValidator } from './definitions.ts';
import type { Index, ValidatorChange } from './migration.ts';

const STRICT = { validationLevel: 'strict', validationAction: 'error' };

const NAMESPACE_NOT_FOUND = 26;
const INDEX_NOT_FOUND = 27;
const NAMESPACE_EXISTS = 48;
const DUPLICATE = 11000;

/** Creates a collection; one that exists gets its validator, and the indexes that it lacks. */
export async function createCollection(
  db: mongo.Db,
  name: string,
  { validator, indexes }: Definition,
): Promise<void> {
  try {
    await db.createCollection(name, { validator, ...STRICT });
  } catch (error) {
    if (readErrorCode(error) !== NAMESPACE_EXISTS) throw error;
    await setValidator(db, name, validator);
  }
  await createIndexes(db, name, indexes);
}

export async function setValidator(
  db: mongo.Db,
  name: string,
  validator: mongo.Document,
): Promise<void> {
  await db.command({ collMod: name, validator, ...STRICT });
}

/** Changes some fields of a validator. */
export async function changeValidator(
  db: mongo.Db,
  name: string,
  change: ValidatorChange,
): Promise<void> {
  await setValidator(db, name, applyChange(await readValidator(db, name), change));
}

/** @throws Error naming a duplicate when a unique index cannot be built */
export async function createIndexes(db: mongo.Db, name: string, indexes: Index[]): Promise<void> {
  if (indexes.length === 0) return;
  const named = indexes.map((index) => ({ ...index, name: getIndexName(index) }));
  try {
    await db.command({ createIndexes: name, indexes: named });
  } catch (error) {
    if (readErrorCode(error) === DUPLICATE)
      throw new Error(describeDuplicate(name, error), { cause: error });
    throw error;
  }
}

export async function dropIndex(db: mongo.Db, name: string, indexName: string): Promise<void> {
  await ignoreCodes(
    [NAMESPACE_NOT_FOUND, INDEX_NOT_FOUND],
    db.command({ dropIndexes: name, index: indexName }),
  );
}

export async function dropCollection(db: mongo.Db, name: string): Promise<void> {
  await ignoreCodes([NAMESPACE_NOT_FOUND], db.command({ drop: name }));
}

/** Inserts documents; one whose id, or another unique value, exists is left out. */
export async function seed(db: mongo.Db, name: string, documents: Stored[]): Promise<void> {
  const collection = db.collection<Stored>(name);
  for (const { _id, ...rest } of documents) {
    const insert = collection.updateOne({ _id }, { $setOnInsert: rest }, { upsert: true });
    await ignoreCodes([DUPLICATE], insert);
  }
}

/** Deletes documents that were seeded. */
export async function unseed(db: mongo.Db, name: string, documents: Stored[]): Promise<void> {
  const ids = documents.map(({ _id }) => _id);
  await db.collection<Stored>(name).deleteMany({ _id: { $in: ids } });
}

async function ignoreCodes(codes: number[], work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!codes.includes(Number(readErrorCode(error)))) throw error;
  }
}

function describeDuplicate(collection: string, error: unknown): string {
  const { message, keyValue } = error as mongo.MongoServerError;
  const index = /index: (\S+)/.exec(message)?.[1] ?? '';
  return (
    `The index ${index} of ${collection} must be unique, but more than one document has ` +
    `${JSON.stringify(keyValue)}. Change or delete all but one of each, by hand or by a step ` +
    'before this one, and run the migration again: it continues where it stopped.'
  );
}
