// Run by kill.test.ts, which kills it: a data migration under a short lease that never gets to its end.
import mongoose from 'mongoose';
import type { Migration } from '../../../../src/data/migrations/migration.ts';
import { upgrade } from '../../../../src/data/migrations/run.ts';
import { play } from './play.ts';

const [uri = '', name] = process.argv.slice(2);
const client = await mongoose.mongo.MongoClient.connect(uri);
const known: Migration = { id: '0001-songs', up: async () => {}, down: async () => {} };
const migration: Migration = { id: '0002-play', up: play, down: async () => {} };
process.on('disconnect', () => process.exit(1));
const tell = (line: string) => {
  if (/play: 4000 of/.test(line)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
};
await upgrade(client.db(name), [known, migration], 'head', { lease: 1500, tell });
