import mongoose, { type mongo } from 'mongoose';
import { afterAll, inject } from 'vitest';
import { database } from '../../src/data/connection.ts';
import type { Entity, Stored } from '../../src/data/entity.ts';

let client: mongo.MongoClient | undefined;

/** The database of this test file for an administrator, who may do what the functions' role may not. */
export function adminDatabase(): mongo.Db {
  client ??= new mongoose.mongo.MongoClient(inject('tools').mongodb);
  return client.db(database().databaseName);
}

/** The collection of an entity, past the rights of the functions: not even audit events are safe. */
export function adminCollection({ collectionName }: Entity): mongo.Collection<Stored> {
  return adminDatabase().collection<Stored>(collectionName);
}

/** Lets the functions read and write collections that are of a test alone. */
export async function grantAccess(...collections: string[]): Promise<void> {
  const db = adminDatabase();
  const privileges = collections.map((collection) => ({
    resource: { db: db.databaseName, collection },
    actions: ['find', 'insert', 'update', 'remove'],
  }));
  await db.command({ grantPrivilegesToRole: 'functions', privileges });
}

afterAll(() => client?.close());
