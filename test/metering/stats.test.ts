import '../harness/place.ts';
import { expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import type { Entity } from '../../src/data/entity.ts';
import { UUID } from '../../src/data/ids.ts';
import { insert } from '../../src/data/write.ts';
import { Stat } from '../../src/models/metering/stat.ts';
import { listConforms } from '../conforms.ts';
import { newText, type Page } from '../contract/held.ts';
import { type Doc, given, type Person } from '../harness/given.ts';

/** A count of something, of a user or of the whole app. */
async function stat(path: string, reader: Person, user?: string): Promise<Doc> {
  const values = { period: 'DAY', at: new Date('2026-01-01'), metric: newText(), count: 1, sum: 2 };
  const { _id } = await insert(systemCtx('test'), Stat, {
    ...values,
    ...(user && { user: new UUID(user) }),
  });
  const { body } = await reader.get<Page>(`${path}?limit=100`);
  return body.data.find((d) => d.id === _id.toString()) as Doc;
}

listConforms('/v1/stats', {
  entity: Stat as Entity,
  path: () => '/v1/stats',
  make: (person) => stat('/v1/stats', person, person.id),
  rule: { user: true },
});

listConforms('/v1/admin/stats', {
  entity: Stat as Entity,
  path: () => '/v1/admin/stats',
  make: (person) => stat('/v1/admin/stats', person),
  rule: { user: null },
  person: given.admin,
});

test('statistics of the app are for administrators only, and those of a user for that user only', async () => {
  const [alice, bob] = await Promise.all([given.user(), given.user()]);
  const hers = await stat('/v1/stats', alice, alice.id);
  expect(hers).toMatchObject({ user: alice.id, count: 1 });
  expect((await bob.get<Page>('/v1/stats')).body.data).toEqual([]);
  expect((await alice.get('/v1/admin/stats')).status).toBe(403);
});
