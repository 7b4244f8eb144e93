import { test } from 'vitest';
import { expectAllTold } from '../harness/news-kills.ts';
import { place } from '../harness/place.ts';

place({ worker: false });

test('while the server that streams is killed, each client is told each change of state once and in order', async () => {
  await expectAllTold({ users: 2, clients: 5, kills: 2, jobs: 2 });
});
