import { expect, test } from 'vitest';
import { given } from '../harness/given.ts';

test('a project goes from DRAFT to ACTIVE to ARCHIVED and back, and no other way', async () => {
  const alice = await given.user();
  const { id } = await alice.project();
  const step = async (verb: string) => (await alice.post(`/v1/projects/${id}/${verb}`)).status;
  expect(await step('archive')).toBe(409);
  expect(await step('activate')).toBe(200);
  expect(await step('activate')).toBe(409);
  expect(await step('archive')).toBe(200);
  expect(await step('activate')).toBe(200);
});
