import type { mongo } from 'mongoose';
import type { Stored } from '../entity.ts';

/** One numbered step of the database: `up` and `down` undo each other. What it says is frozen. */
export interface Migration {
  /** `0001-first`: sorts in the order of running. */
  id: string;
  up(m: Steps): Promise<void>;
  down(m: Steps): Promise<void>;
}

/** Keys of an index, in order. */
export type IndexKey = Record<string, mongo.IndexDirection>;

/** An index: its key, and options as MongoDB has them. Its name follows from the key unless it says one. */
export type Index = Omit<mongo.IndexDescription, 'key'> & { key: IndexKey };

/** What the documents of a collection must be, and how they are found. */
export interface Definition {
  validator: mongo.Document;
  indexes: Index[];
}

/** The writes that change some documents. */
export type Change = (documents: Stored[]) => mongo.AnyBulkWriteOperation<Stored>[];

/**
 * What a migration may do. Each step may be run again: one that was cut off half way is simply repeated.
 * In a dry run each is told instead of done.
 */
export interface Steps {
  /** Creates a collection; one that is there gets this validator, and the indexes that it lacks. */
  createCollection(name: string, definition: Definition): Promise<void>;
  /** Replaces the validator; `{}` takes it away. Documents are not looked at until they are next written. */
  setValidator(name: string, validator: mongo.Document): Promise<void>;
  /** @throws Error naming a duplicate when a unique index cannot be built */
  createIndex(name: string, key: IndexKey, options?: Omit<Index, 'key'>): Promise<void>;
  dropIndex(name: string, indexName: string): Promise<void>;
  /** Drops a collection with all that is in it. */
  dropCollection(name: string): Promise<void>;
  /** Inserts documents that the product comes with; one that is there already stays as it is. */
  seed(collection: string, documents: Stored[]): Promise<void>;
  /** Takes them away again. */
  unseed(collection: string, documents: Stored[]): Promise<void>;
  /**
   * Changes the documents that match `filter`, 500 at a time by ascending `_id`. A batch, the position after it
   * and the renewal of the lock are one transaction, so a run that is killed goes on after its last whole batch.
   * `change` may be called more than once for a batch: it answers the writes and does nothing itself.
   * `step` names it, once in a migration.
   */
  eachBatch(
    step: string,
    collection: string,
    filter: mongo.Filter<Stored>,
    change: Change,
  ): Promise<void>;
}
