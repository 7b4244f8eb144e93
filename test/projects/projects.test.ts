import '../harness/place.ts';
import { expect, test } from 'vitest';
import { projects } from '../../functions/projects.ts';
import { conforms } from '../conforms.ts';
import { given } from '../harness/given.ts';

// A crowd: a change of plain fields is one command, guarded by the version.
conforms(projects, {
  make: async (person) => {
    const { id: coverImage } = await person.medium('images');
    return person.project({ description: 'Begun.', coverImage });
  },
  body: async () => ({ name: 'Nocturnes', description: 'Three.', settings: { tempo: 60 } }),
  change: { name: 'Preludes' },
  crowd: 64,
});

test('a project moves from DRAFT to ACTIVE, to ARCHIVED and back to ACTIVE; every other step is refused', async () => {
  const alice = await given.user();
  const { id } = await alice.project();
  const step = async (verb: string) => (await alice.post(`/v1/projects/${id}/${verb}`)).status;
  expect(await step('archive')).toBe(409);
  expect(await step('activate')).toBe(200);
  expect(await step('activate')).toBe(409);
  expect(await step('archive')).toBe(200);
  expect(await step('activate')).toBe(200);
});

test("a text's maximum length counts characters as OpenAPI does: an emoji is one", async () => {
  const alice = await given.user();
  const longest = { name: '🎵'.repeat(120), description: '𝄞'.repeat(2000) };
  const made = await alice.post<{ id: string }>('/v1/projects', longest);
  expect(made).toMatchObject({ status: 201, body: longest });
  const path = `/v1/projects/${made.body.id}`;
  expect(await alice.patch(path, { name: '🎸'.repeat(120) })).toMatchObject({ status: 200 });
  const { status, body } = await alice.patch<{ errors: unknown }>(path, { name: '🎸'.repeat(121) });
  expect(status).toBe(422);
  expect(body.errors).toEqual([
    { path: 'name', message: 'length must be less than or equal to 120 characters long' },
  ]);
});
