import type { mongo } from 'mongoose';
import type { Stored } from '../entity.ts';
import { changeInBatches } from './batches.ts';
import { nameOf } from './definitions.ts';
import type { Hold } from './lock.ts';
import type { Definition, Steps } from './migration.ts';
import * as operations from './operations.ts';
import type { Progress } from './records.ts';

/** One migration while it runs. */
export interface Run {
  db: mongo.Db;
  hold: Hold;
  /** The name of its record. */
  name: string;
  progress: Progress;
  /** Ms that are left to run in. */
  timeLeft: () => number;
  /** Tells whoever watches how it goes. */
  tell: (line: string) => void;
}

/** Thrown between steps and batches, when no other should be begun. */
export class OutOfTime extends Error {
  override readonly name = 'OutOfTime';
}

/** A step that is begun has this long, in ms. */
const ENOUGH = 60_000;

/** The steps that are done. */
export function stepsOn(run: Run): Steps {
  const { db, tell } = run;
  const names = new Set<string>();
  const step = async (line: string, work: () => Promise<void>) => {
    proceed(run);
    tell(`  ${line}`);
    await work();
  };
  return {
    createCollection: (name, definition) =>
      step(words.createCollection(name, definition), () =>
        operations.createCollection(db, name, definition),
      ),
    setValidator: (name, validator) =>
      step(words.setValidator(name), () => operations.setValidator(db, name, validator)),
    createIndex: (name, key, options) => {
      const index = { ...options, key };
      const line = words.createIndex(name, nameOf(index));
      return step(line, () => operations.createIndexes(db, name, [index]));
    },
    dropIndex: (name, index) =>
      step(words.dropIndex(name, index), () => operations.dropIndex(db, name, index)),
    dropCollection: (name) =>
      step(words.dropCollection(name), () => operations.dropCollection(db, name)),
    seed: (name, documents) =>
      step(words.seed(name, documents), () => operations.seed(db, name, documents)),
    unseed: (name, documents) =>
      step(words.unseed(name, documents), () => operations.unseed(db, name, documents)),
    eachBatch: async (name, collection, filter, change) => {
      if (names.has(name)) throw new Error(`Two steps of ${run.name} are called "${name}".`);
      names.add(name);
      await changeInBatches(run, { name, collection, filter, change }, () => proceed(run));
    },
  };
}

/** The steps as a dry run tells them; the database is read and not written. */
export function stepsTold(db: mongo.Db, tell: (line: string) => void): Steps {
  const say = async (line: string) => tell(`  would ${line}`);
  return {
    createCollection: (name, definition) => say(words.createCollection(name, definition)),
    setValidator: (name) => say(words.setValidator(name)),
    createIndex: (name, key, options) => say(words.createIndex(name, nameOf({ ...options, key }))),
    dropIndex: (name, index) => say(words.dropIndex(name, index)),
    dropCollection: (name) => say(words.dropCollection(name)),
    seed: (name, documents) => say(words.seed(name, documents)),
    unseed: (name, documents) => say(words.unseed(name, documents)),
    eachBatch: async (name, collection, filter) => {
      const count = await db.collection<Stored>(collection).countDocuments(filter);
      await say(`${name}: ${count} documents of ${collection} by now`);
    },
  };
}

const words = {
  createCollection: (name: string, { indexes }: Definition) =>
    `create collection ${name}, indexes: ${indexes.length}`,
  setValidator: (name: string) => `set validator of ${name}`,
  createIndex: (name: string, index: string) => `create index ${index} of ${name}`,
  dropIndex: (name: string, index: string) => `drop index ${index} of ${name}`,
  dropCollection: (name: string) => `drop collection ${name}`,
  seed: (name: string, documents: Stored[]) => `seed ${name} with ${documents.length}`,
  unseed: (name: string, documents: Stored[]) => `delete ${documents.length} of ${name}`,
};

function proceed({ hold, timeLeft }: Run): void {
  hold.check();
  if (timeLeft() < ENOUGH) throw new OutOfTime();
}
