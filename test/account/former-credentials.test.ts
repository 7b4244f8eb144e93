import '../harness/place.ts';
import { expect, test } from 'vitest';
import { handler as runJobs } from '../../functions/run-jobs.ts';
import { UUID } from '../../src/data/ids.ts';
import { Session } from '../../src/models/account/session.ts';
import { given, PASSWORD } from '../harness/given.ts';
import { invocation, sqsEvent } from '../harness/invocations.ts';
import { place } from '../harness/place.ts';

// Nobody removes what is refused, unless the test says so.
place({ worker: false });

test('sessions of former credentials are refused while they are still there, and then removed', async () => {
  const alice = await given.user();
  const [thief, other] = [await alice.signsIn(), await alice.signsIn()];
  const count = () => Session.collection.countDocuments({ user: new UUID(alice.id) });
  const body = { currentPassword: PASSWORD, newPassword: 'a wholly new password' };
  expect((await alice.post('/v1/auth/password', body)).status).toBe(204);
  expect(await count()).toBe(3);
  expect((await thief.get('/v1/users/me')).status).toBe(401);
  expect((await other.refreshes()).status).toBe(401);
  await runJobs(sqsEvent('{}'), invocation());
  expect(await count()).toBe(1);
  expect((await alice.get('/v1/users/me')).status).toBe(200);
  expect((await alice.refreshes()).status).toBe(200);
});
