import '../harness/place.ts';
import { expect, test } from 'vitest';
import { retentionPolicies } from '../../functions/retention-policies.ts';
import { retentionRuns } from '../../functions/retention-runs.ts';
import { UUID } from '../../src/data/ids.ts';
import { RetentionRun } from '../../src/models/maintenance/retention-run.ts';
import { conforms } from '../conforms.ts';
import type { Problem } from '../contract/held.ts';
import { type Doc, given } from '../harness/given.ts';
import { stored, storedAt } from '../harness/stored.ts';

const path = '/v1/retention/policies';
const policy = { entity: 'Track', filter: { status: 'FAILED' }, after: 'P30D', action: 'DELETE' };

conforms(retentionPolicies, {
  person: given.admin,
  make: async (person) => (await person.post<Doc>(path, policy)).body,
  body: async () => policy,
  change: { after: 'P1Y', enabled: true },
});

conforms(retentionRuns, {
  person: given.admin,
  make: storedAt(retentionRuns),
  body: async () => ({ dryRun: true }),
});

test('a policy names an existing entity and a duration in ISO 8601', async () => {
  const root = await given.admin();
  const { id } = (await root.post<Doc>(path, policy)).body;
  for (const [name, values] of Object.entries({
    entity: ['Nonsense', 'tracks', '', 'constructor'],
    after: ['30 days', 'P', 'PT', 'P1', '-P1D', 'P1DT'],
    action: ['KEEP', null],
  })) {
    for (const value of values) {
      const made = await root.post<Problem>(path, { ...policy, [name]: value });
      const changed = await root.patch<Problem>(`${path}/${id}`, { [name]: value });
      for (const refused of [made, changed]) {
        expect(refused.status, `${name} ${value}`).toBe(422);
        expect(refused.body.errors[0]?.path).toBe(name);
      }
    }
  }
  expect((await root.get(`${path}/${id}`)).body).toMatchObject(policy);
});

test('a policy that has runs cannot be deleted: 409 names the collection', async () => {
  const root = await given.admin();
  const { id } = (await root.post<Doc>(path, policy)).body;
  await stored(RetentionRun, root, { policy: new UUID(id) });
  expect(await root.delete(`${path}/${id}`)).toMatchObject({
    status: 409,
    body: { code: 'IN_USE', errors: [{ path: 'retentionRuns' }] },
  });
});
