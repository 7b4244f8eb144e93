import type { mongo } from 'mongoose';
import type { Stored } from '../entity.ts';

/** One numbered change of the database: `up` and `down` undo each other. Once released it is not edited. */
export interface Migration {
  /** `0002-add-styles`, the name of its file: they run in the order of their ids. */
  id: string;
  up(m: Steps): Promise<void>;
  down(m: Steps): Promise<void>;
}

/** What a field must be: a `$jsonSchema`, or `'id'` for a UUID, which is checked byte by byte. */
export type FieldSchema = mongo.Document | 'id';

/** A collection to be created: the fields of its documents, at the top, and its indexes. */
export interface NewCollection {
  fields: Record<string, FieldSchema>;
  required: string[];
  indexes: Index[];
}

/**
 * A change of single fields of a validator. A path is dotted, and `$[]` in it stands for the items of an array:
 * `derivatives.$[].status`. What it does not name stays as it is in the database.
 */
export interface ValidatorChange {
  /** Adds fields or replaces them. A new one is optional; one that was there stays as required as it was. */
  set?: Record<string, FieldSchema>;
  /** Removes fields. */
  unset?: string[];
  /** Documents must have these from now on. */
  required?: string[];
  /** Documents need not have these any longer. */
  optional?: string[];
}

/** A change of all documents that it concerns; paths as in `ValidatorChange`. */
export interface DocumentChange {
  /** New paths by the old ones, within the same object: `{ 'object.tag': 'object.etag' }`. */
  rename?: Record<string, string>;
  unset?: string[];
  /** Values for fields that are missing, where the object that should hold them is there. */
  fill?: Record<string, unknown>;
}

/** Keys of an index, in order. */
type IndexKey = Record<string, mongo.IndexDirection>;

/** An index: its key, and options as MongoDB has them. Its name follows from the key unless it says one. */
export type Index = Omit<mongo.IndexDescription, 'key'> & { key: IndexKey };

/** The writes that change some documents. */
export type Change = (documents: Stored[]) => mongo.AnyBulkWriteOperation<Stored>[];

/**
 * What a migration may do. Each step may be run again: a migration that was killed is repeated from its start.
 * In a dry run each step is printed instead of run.
 */
export interface Steps {
  /** Creates a collection; one that exists gets this validator, and the indexes that it lacks. */
  createCollection(name: string, collection: NewCollection): Promise<void>;
  /** Drops a collection with all its documents. */
  dropCollection(name: string): Promise<void>;
  /** Changes fields of the validator. Documents are not checked until they are next written. */
  changeValidator(name: string, change: ValidatorChange): Promise<void>;
  /** Replaces the validator, whatever it was; `{}` removes it. */
  setValidator(name: string, validator: mongo.Document): Promise<void>;
  /** @throws Error naming a duplicate when a unique index cannot be built */
  createIndex(name: string, key: IndexKey, options?: Omit<Index, 'key'>): Promise<void>;
  dropIndex(name: string, indexName: string): Promise<void>;
  /** Inserts documents that the product comes with; one that exists is not changed. */
  seed(collection: string, documents: Stored[]): Promise<void>;
  /** Deletes seeded documents. */
  unseed(collection: string, documents: Stored[]): Promise<void>;
  /**
   * Makes documents fit a changed validator: all of the change in one write of a document, since the validator
   * refuses a half. It counts as a write: the document's `version` goes up. In batches, like `eachBatch`.
   */
  changeDocuments(collection: string, change: DocumentChange): Promise<void>;
  /**
   * Changes the documents that match `filter`, 500 at a time by ascending `_id`. A batch, the position after it
   * and the renewal of the lock are one transaction, so a run that was killed goes on after its last batch.
   * `change` may be called more than once for a batch: it returns the writes and does nothing itself.
   * `step` is the name of the position: no other step of the migration and collection may have it.
   */
  eachBatch(
    step: string,
    collection: string,
    filter: mongo.Filter<Stored>,
    change: Change,
  ): Promise<void>;
}
