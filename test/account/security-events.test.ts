import '../harness/place.ts';
import { expect, test, vi } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { UUID } from '../../src/data/ids.ts';
import { AppError } from '../../src/errors.ts';
import { RateCount } from '../../src/models/account/rate-count.ts';
import { User } from '../../src/models/account/user.ts';
import { recordSecurityEvent, tellFolded } from '../../src/services/account/security-events.ts';
import { appendToChain } from '../../src/services/audit/chain.ts';
import { call, type Doc, given, PASSWORD, type Person } from '../harness/given.ts';
import { withStoppedClock } from '../harness/stopped-clock.ts';
import { times } from '../harness/times.ts';

interface Event extends Doc {
  action: string;
  actor: { kind: string };
  ip?: string;
  changes: Record<string, unknown>;
}

const login = (login: string, password: string) =>
  call('POST', '/v1/auth/login', { body: { login, password } });

async function eventsOf(person: Person, action: string): Promise<Event[]> {
  await appendToChain(systemCtx('test'));
  const path = `/v1/audit-events?action=${action}&limit=100`;
  return (await person.get<{ data: Event[] }>(path)).body.data;
}

test('a failed sign-in is in the audit log of its account, with its address and without the guess', async () => {
  const alice = await given.user();
  await login(alice.email, 'a wrong guess');
  const [event, ...more] = await eventsOf(alice, 'sign-in-failed');
  expect(more).toEqual([]);
  expect(event).toMatchObject({ actor: { kind: 'ANONYMOUS' }, entity: 'User', ip: '127.0.0.1' });
  expect(JSON.stringify(event)).not.toContain('wrong guess');
});

test('a lock-out, a failed change of the password and a refresh token used twice are there, too', async () => {
  const alice = await given.user();
  const stolen = alice.refreshToken;
  await withStoppedClock(async () => {
    await Promise.all(times(10, (n) => login(alice.username, `guess ${n}`)));
    await login(alice.username, PASSWORD);
  });
  const body = { currentPassword: 'wrong', newPassword: 'a wholly new password' };
  await alice.post('/v1/auth/password', body);
  const other = await alice.signsIn();
  await alice.refreshes();
  await alice.refreshes(stolen);
  for (const action of ['locked-out', 'password-change-failed', 'refresh-reused'])
    expect(await eventsOf(other, action), action).toHaveLength(1);
});

test('a database that cannot count tries is no lock-out of the account', async () => {
  const alice = await given.user();
  const away = new AppError('UNAVAILABLE', 'The database did not answer in time.');
  const count = vi.spyOn(RateCount.collection, 'findOneAndUpdate').mockRejectedValueOnce(away);
  const body = { currentPassword: PASSWORD, newPassword: 'a wholly new password' };
  expect((await alice.post('/v1/auth/password', body)).status).toBe(503);
  count.mockRestore();
  expect(await eventsOf(alice, 'locked-out')).toEqual([]);
});

test('after the tenth of a quarter of an hour they are counted, and told as one when it has passed', async () => {
  const alice = await given.user();
  const later = (ms: number) => ({ ...systemCtx('test'), clock: () => Date.now() + ms });
  for (let n = 0; n < 25; n++) {
    await recordSecurityEvent(systemCtx('test'), 'sign-in-failed', new UUID(alice.id));
  }
  expect(await eventsOf(alice, 'sign-in-failed')).toHaveLength(10);
  await tellFolded(later(14 * 60_000));
  expect(await eventsOf(alice, 'sign-in-failed')).toHaveLength(10);
  await Promise.all(times(4, () => tellFolded(later(15 * 60_000))));
  const all = await eventsOf(alice, 'sign-in-failed');
  expect(all).toHaveLength(11);
  expect(all.filter((e) => e.changes.count)).toMatchObject([{ changes: { count: [null, 15] } }]);
});

test('a user does not read the address of an administrator who changed the account', async () => {
  const [alice, root] = await Promise.all([given.user(), given.admin()]);
  await root.patch(`/v1/users/${alice.id}`, { isAdmin: true });
  const [event] = await eventsOf(alice, 'update');
  expect(event).toMatchObject({ actor: { kind: 'ADMIN', id: root.id } });
  expect(event).not.toHaveProperty('ip');
});

test('the last administrator can neither be demoted nor suspended, whoever tries it at once', async () => {
  await User.collection.updateMany({}, { $set: { isAdmin: false } });
  const [one, other] = [await given.admin(), await given.admin()];
  const answers = await Promise.all([
    one.patch(`/v1/users/${other.id}`, { isAdmin: false }),
    other.patch(`/v1/users/${one.id}`, { isActive: false }),
  ]);
  expect(answers.map((a) => a.status).toSorted()).toEqual([200, 409]);
  const left = answers[0]?.status === 200 ? one : other;
  for (const body of [{ isAdmin: false }, { isActive: false }]) {
    const answer = await left.patch(`/v1/users/${left.id}`, body);
    expect(answer).toMatchObject({ status: 409, body: { code: 'INVALID_STATE' } });
  }
  expect((await left.get('/v1/users')).status).toBe(200);
});

test('a right password of a suspended account is a failed sign-in like any other', async () => {
  const [alice, root] = await Promise.all([given.user(), given.admin()]);
  await root.patch(`/v1/users/${alice.id}`, { isActive: false });
  expect((await login(alice.email, PASSWORD)).status).toBe(401);
  await appendToChain(systemCtx('test'));
  const { body } = await root.get<{ data: Event[] }>(`/v1/audit-events?document=${alice.id}`);
  expect(body.data.filter((e) => e.action === 'sign-in-failed')).toHaveLength(1);
});
