import type { mongo } from 'mongoose';
import type { Stored } from '../entity.ts';
import { changeInBatches } from './batches.ts';
import { buildFilter, buildWrites } from './change-documents.ts';
import { buildNewValidator } from './change-validator.ts';
import { getIndexName } from './definitions.ts';
import type { Hold } from './lock.ts';
import type { Steps } from './migration.ts';
import * as operations from './operations.ts';
import type { Progress } from './records.ts';

/** One migration while it runs. */
export interface Run {
  db: mongo.Db;
  hold: Hold;
  /** The name of its record. */
  name: string;
  progress: Progress;
  /** How long it may still run, in ms. */
  timeLeft: () => number;
  /** Prints a line for whoever watches. */
  tell: (line: string) => void;
}

/** Thrown between steps and batches when too little time is left to begin another. */
export class OutOfTime extends Error {
  override readonly name = 'OutOfTime';
}

/** A step or batch is only begun with this much time left, in ms. */
const ENOUGH = 60_000;

/** Makes the steps that run. */
export function makeSteps(run: Run): Steps {
  const { db, tell } = run;
  const batched = new Set<string>();
  return describeSteps(
    async (line, work) => {
      proceed(run);
      tell(`  ${line}`);
      await work(db);
    },
    async (name, collection, filter, change) => {
      const key = `${collection}: ${name}`;
      if (batched.has(key)) throw new Error(`Two steps of ${run.name} are called "${name}".`);
      batched.add(key);
      await changeInBatches(run, { key, name, collection, filter, change }, () => proceed(run));
    },
  );
}

/** Makes the steps of a dry run: they are printed, and the database is read and not written. */
export function makeDrySteps(db: mongo.Db, tell: (line: string) => void): Steps {
  return describeSteps(
    async (line) => tell(`  would ${line}`),
    async (name, collection, filter) => {
      const count = await db.collection<Stored>(collection).countDocuments(filter);
      tell(`  would ${name}: ${count} documents of ${collection} by now`);
    },
  );
}

/** The steps with the words for each and what it does, given how one step and one step in batches are run. */
function describeSteps(
  step: (line: string, work: (db: mongo.Db) => Promise<void>) => Promise<void>,
  eachBatch: Steps['eachBatch'],
): Steps {
  return {
    createCollection: (name, collection) => {
      const { indexes } = collection;
      const validator = buildNewValidator(collection);
      return step(`create collection ${name}, indexes: ${indexes.length}`, (db) =>
        operations.createCollection(db, name, { validator, indexes }),
      );
    },
    dropCollection: (name) =>
      step(`drop collection ${name}`, (db) => operations.dropCollection(db, name)),
    changeValidator: (name, { set = {}, ...lists }) =>
      step(
        `change validator of ${name}: ${describeChange({ set: Object.keys(set), ...lists })}`,
        (db) => operations.changeValidator(db, name, { set, ...lists }),
      ),
    setValidator: (name, validator) =>
      step(`set validator of ${name}`, (db) => operations.setValidator(db, name, validator)),
    createIndex: (name, key, options) => {
      const index = { ...options, key };
      return step(`create index ${getIndexName(index)} of ${name}`, (db) =>
        operations.createIndexes(db, name, [index]),
      );
    },
    dropIndex: (name, index) =>
      step(`drop index ${index} of ${name}`, (db) => operations.dropIndex(db, name, index)),
    seed: (name, documents) =>
      step(`seed ${name} with ${documents.length}`, (db) => operations.seed(db, name, documents)),
    unseed: (name, documents) =>
      step(`delete ${documents.length} of ${name}`, (db) => operations.unseed(db, name, documents)),
    changeDocuments: (collection, change) => {
      const { rename = {}, unset = [], fill = {} } = change;
      const renames = Object.entries(rename).map(([from, to]) => `${from} to ${to}`);
      const name = describeChange({ rename: renames, unset, fill: Object.keys(fill) });
      return eachBatch(name, collection, buildFilter(change), buildWrites(change));
    },
    eachBatch,
  };
}

/** `set a, b; unset c` */
function describeChange(lists: Record<string, string[]>): string {
  return Object.entries(lists)
    .filter(([, paths]) => paths.length > 0)
    .map(([verb, paths]) => `${verb} ${paths.join(', ')}`)
    .join('; ');
}

function proceed({ hold, timeLeft }: Run): void {
  hold.check();
  if (timeLeft() < ENOUGH) throw new OutOfTime();
}
