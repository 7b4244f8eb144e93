import '../harness/place.ts';
import { expect, test } from 'vitest';
import { handler as runJobs } from '../../functions/run-jobs.ts';
import { UUID } from '../../src/data/ids.ts';
import { Session } from '../../src/models/account/session.ts';
import { given, PASSWORD } from '../harness/given.ts';
import { invocation, sqsEvent } from '../harness/invocations.ts';
import { place } from '../harness/place.ts';
import { withStoppedClock } from '../harness/stopped-clock.ts';
import { until } from '../harness/until.ts';

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
  await until('the refused sessions are removed', async () => {
    await runJobs(sqsEvent('{}'), invocation());
    return (await count()) === 1;
  });
  expect((await alice.get('/v1/users/me')).status).toBe(200);
  expect((await alice.refreshes()).status).toBe(200);
});

test('a session that a suspension has ended does not come back by changing the password', async () => {
  const [alice, root] = await Promise.all([given.user(), given.admin()]);
  const set = (isActive: boolean) => root.patch(`/v1/users/${alice.id}`, { isActive });
  const body = { currentPassword: PASSWORD, newPassword: 'a wholly new password' };
  // That her session stands is cached for seconds: they do not pass here.
  await withStoppedClock(async () => {
    expect((await alice.get('/v1/users/me')).status).toBe(200);
    await set(false);
    expect([401, 409]).toContain((await alice.post('/v1/auth/password', body)).status);
    await set(true);
    expect([401, 409]).toContain((await alice.post('/v1/auth/password', body)).status);
  });
  expect((await alice.refreshes()).status).toBe(401);
  expect((await alice.signsIn()).token).toEqual(expect.any(String));
});
