import '../../harness/place.ts';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { handler } from '../../../functions/migrate.ts';
import { migrations } from '../../../migrations/index.ts';
import { adminDatabase } from '../../harness/admin.ts';
import { invocation } from '../../harness/invocations.ts';
import { migration } from './given.ts';

const count = migrations.length;

// Where it is deployed, the function signs in as a user of its own; here its role is lent to the user of all.
const lent = { roles: ['migrate'] };
beforeAll(() => adminDatabase().command({ grantRolesToUser: 'functions', ...lent }));
afterAll(() => adminDatabase().command({ revokeRolesFromUser: 'functions', ...lent }));
afterEach(() => migrations.splice(count));

test('the function "migrate" widens, and narrows only when it is told', async () => {
  const wider = migration('8888-wider', (m) =>
    m.changeValidator('projects', { set: { mood: { bsonType: 'string' } } }),
  );
  const narrower = migration('9999-narrower', (m) =>
    m.changeValidator('projects', { required: ['mood'] }),
  );
  migrations.push(wider, narrower);
  const widened = await handler({}, invocation());
  const runtime = { node: process.version, codeCache: 'NONE' };
  expect(widened).toEqual({ applied: ['8888-wider'], narrowing: ['9999-narrower'], ...runtime });
  for (const event of [undefined, null, '', { narrow: 'true' }]) {
    expect(await handler(event, invocation())).toEqual({
      applied: [],
      narrowing: ['9999-narrower'],
      ...runtime,
    });
  }
  const narrowed = await handler({ narrow: true }, invocation());
  expect(narrowed).toEqual({ applied: ['9999-narrower'], ...runtime });
});
