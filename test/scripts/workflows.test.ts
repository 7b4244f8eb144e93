import { expect, test } from 'vitest';
import { shippedWorkflows } from '../../src/services/generation/comfyui/workflows/shipped-workflows.ts';
import type { Page } from '../contract/held.ts';
import { given, PASSWORD } from '../harness/given.ts';
import { api } from '../harness/place.ts';
import { run } from './run.ts';

const names = shippedWorkflows.map(({ name }) => name);

test('publish stores every workflow once, for everybody to read, with what its models need', async () => {
  const [alice, bob] = await Promise.all([given.admin(), given.user()]);
  const env = { API_URL: api, PASSWORD };
  const byBob = await run('workflows', ['publish', '--email', bob.email], env);
  expect(byBob).toMatchObject({ code: 1, stderr: expect.stringMatching(/administrator/) });
  const first = await run('workflows', ['publish', '--email', alice.email], env);
  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(first.stdout.match(/^stored /gm)).toHaveLength(names.length);
  const again = await run('workflows', ['publish', '--email', alice.email], env);
  expect(again.stdout.match(/^updated /gm)).toHaveLength(names.length);
  const { body } = await bob.get<Page>('/v1/comfyui/workflows?limit=100');
  const mine = body.data.filter(({ user }) => user === alice.id);
  expect(mine.map(({ name }) => name).sort()).toEqual([...names].sort());
  // Published again unchanged, it is still the first revision.
  expect(mine.map(({ revision }) => revision)).toEqual(names.map(() => 1));
  const song = mine.find(({ name }) => name === 'Text to song');
  expect(song?.description).toMatch(/Needs checkpoints\/.* \(Apache-2\.0, commercial use\)\.$/);
});

test('what cannot be done is said in one sentence', async () => {
  const refused = await run('workflows', ['publish', '--email', 'a@example.com'], { API_URL: api });
  expect(refused).toMatchObject({
    code: 1,
    stderr: 'Put the password of the account into the variable PASSWORD.\n',
  });
  for (const args of [[], ['publish'], ['publish', '--nonsense']]) {
    expect((await run('workflows', args)).stderr).toMatch(/^Usage: npm run workflows/);
  }
});
