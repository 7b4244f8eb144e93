import '../harness/place.ts';
import { describe, expect, test } from 'vitest';
import { newId, UUID } from '../../src/data/ids.ts';
import { Session } from '../../src/models/account/session.ts';
import { given, PASSWORD, type Person } from '../harness/given.ts';
import { times } from '../harness/times.ts';
import { until } from '../harness/until.ts';

/** Sessions as many sign-ins would have left them. */
async function plant(person: Person, count: number): Promise<void> {
  const now = new Date(Date.now() - 60_000);
  const expiresAt = new Date(Date.now() + 3_600_000);
  const common = { user: new UUID(person.id), credentialsVersion: 1, expiresAt };
  const documents = times(count, (n) => ({
    ...{ ...common, _id: newId(now.getTime()), refreshTokenHash: `none ${n}` },
    ...{ createdAt: now, updatedAt: now, version: 1 },
  }));
  await Session.collection.insertMany(documents);
}

const countOf = (person: Person) =>
  Session.collection.countDocuments({ user: new UUID(person.id) });
const isRefused = async (person: Person) => (await person.get('/v1/users/me')).status === 401;

describe('of an account with 3,000 sessions', () => {
  test('a change of the password ends all others at once, and removes them after', async () => {
    const alice = await given.user();
    const thief = await alice.signsIn();
    await plant(alice, 3000);
    const body = { currentPassword: PASSWORD, newPassword: 'a wholly new password' };
    expect((await alice.post('/v1/auth/password', body)).status).toBe(204);
    expect((await thief.refreshes()).status).toBe(401);
    await until('the thief is refused', () => isRefused(thief), 5000);
    expect((await alice.get('/v1/users/me')).status).toBe(200);
    expect((await alice.refreshes()).status).toBe(200);
    await until('they are removed', async () => (await countOf(alice)) === 1);
  });

  test('suspending it ends all of them at once, and removes them after', async () => {
    const [alice, root] = await Promise.all([given.user(), given.admin()]);
    await plant(alice, 3000);
    expect((await root.patch(`/v1/users/${alice.id}`, { isActive: false })).status).toBe(200);
    await until('she is refused', () => isRefused(alice), 5000);
    expect((await root.patch(`/v1/users/${alice.id}`, { isActive: true })).status).toBe(200);
    expect((await alice.refreshes()).status).toBe(401);
    await until('they are removed', async () => (await countOf(alice)) === 0);
  });
});

test('an account has at most 100 sessions: one more ends the oldest', async () => {
  const alice = await given.user();
  const first = await alice.signsIn();
  await plant(alice, 98);
  const ids = await Session.collection
    .find({ user: new UUID(alice.id) })
    .sort({ createdAt: 1, _id: 1 })
    .toArray();
  await alice.signsIn();
  expect(await countOf(alice)).toBe(100);
  expect(await Session.collection.findOne({ _id: ids[0]?._id })).toBeNull();
  expect((await first.get('/v1/users/me')).status).toBe(200);
});
