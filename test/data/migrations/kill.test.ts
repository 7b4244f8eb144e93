import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, inject, test } from 'vitest';
import { upgrade } from '../../../src/data/migrations/run.ts';
import { database, fill, migration, songs } from './given.ts';
import { play } from './play.ts';

test('a run that is killed within a batch continues after the batch before; each document changes once', async () => {
  const db = database();
  await upgrade(db, [songs]);
  await fill(db, 5000);
  const played = () => db.collection('songs').countDocuments({ plays: 1 });

  const file = fileURLToPath(new URL('./killed.ts', import.meta.url));
  const child = spawn(process.execPath, [file, inject('tools').mongodb, db.databaseName], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  const killed = performance.now();
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await played()).toBe(2000);

  const told: string[] = [];
  const tell = (line: string) => told.push(line);
  const all = [songs, migration('0002-play', play)];
  expect((await upgrade(db, all, 'head', { tell })).done).toEqual(['0002-play']);
  expect(told.slice(0, 3)).toEqual([
    'Another runner has the lock: waiting for it, 120 s at most.',
    '0002-play',
    '  play: 2000 of 5000 songs',
  ]);
  expect(await played()).toBe(5000);
  // Not only after the 20 s in which this MongoDB ends by itself the transaction that was left open.
  expect(performance.now() - killed).toBeLessThan(15_000);
});
