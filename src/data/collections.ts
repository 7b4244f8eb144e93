import mongoose, { type mongo } from 'mongoose';
import type { Entity } from './entity.ts';
import { validatorOf } from './validator.ts';

/** Creates (or brings up to date) the collections of entities: validator and indexes. */
export async function createCollections(db: mongo.Db, entities: Entity[]): Promise<void> {
  for (const entity of entities) {
    const validator = validatorOf(entity);
    const options = { validator, validationLevel: 'strict', validationAction: 'error' };
    try {
      await db.createCollection(entity.collectionName, options);
    } catch (error) {
      if (!(error instanceof mongoose.mongo.MongoServerError) || error.code !== 48) throw error;
      await db.command({ collMod: entity.collectionName, ...options });
    }
    const indexes = entity.schema.indexes().map(([key, o]) => {
      const { background, ...rest } = o as Record<string, unknown>;
      return { key, ...rest } as mongo.IndexDescription;
    });
    if (indexes.length > 0) await db.collection(entity.collectionName).createIndexes(indexes);
  }
}

/** Drops the collections of entities, with all that is in them. */
export async function dropCollections(db: mongo.Db, entities: Entity[]): Promise<void> {
  for (const entity of entities) {
    await db.dropCollection(entity.collectionName);
  }
}
