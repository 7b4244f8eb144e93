import { fork } from 'node:child_process';
import { once } from 'node:events';
import { expect, inject, test } from 'vitest';
import { upgrade } from '../../../../src/data/migrations/run.ts';
import { until } from '../../../harness/until.ts';
import { database, fill, migration, songs } from './given.ts';
import { play } from './play.ts';

test('a run that is killed in the middle goes on after its last batch; each document changes once', async () => {
  const db = database();
  await upgrade(db, [songs]);
  await fill(db, 5000);
  const played = () => db.collection('songs').countDocuments({ plays: 1 });

  const file = new URL('./killed.ts', import.meta.url);
  const child = fork(file, [inject('tools').mongodb, db.databaseName]);
  try {
    await until('some batches are done', async () => (await played()) >= 1000);
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  const before = await played();
  expect(before).toBeLessThan(5000);

  const told: string[] = [];
  const tell = (line: string) => told.push(line);
  const all = [songs, migration('0002-play', play)];
  expect((await upgrade(db, all, 'head', { tell })).done).toEqual(['0002-play']);
  // The lock of the killed one is waited for until its lease is over.
  expect(told).toContain('Another runner has the lock: waiting for it, 120 s at most.');
  const from = Number(/play: (\d+) of 5000/.exec(told.join('\n'))?.[1]);
  expect(from).toBeGreaterThanOrEqual(1000);
  expect(from).toBeLessThan(5000);
  expect(await played()).toBe(5000);
});
