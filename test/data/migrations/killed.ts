// Run by kill.test.ts, which kills it: a data migration that stands still within its fifth batch.
import { writeSync } from 'node:fs';
import mongoose from 'mongoose';
import type { Migration } from '../../../src/data/migrations/migration.ts';
import { upgrade } from '../../../src/data/migrations/run.ts';
import { play } from './play.ts';

const [uri = '', name] = process.argv.slice(2);
const client = await mongoose.mongo.MongoClient.connect(uri);
let batches = 0;
const standsStill: Migration = {
  id: '0002-play',
  up: (m) =>
    play({
      ...m,
      eachBatch: (step, collection, filter, change) =>
        m.eachBatch(step, collection, filter, (documents) => {
          if (++batches === 5) {
            writeSync(1, 'still');
            Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
          }
          return change(documents);
        }),
    }),
  down: async () => {},
};
const songs: Migration = { id: '0001-songs', up: async () => {}, down: async () => {} };
await upgrade(client.db(name), [songs, standsStill], 'head', { lease: 1500 });
