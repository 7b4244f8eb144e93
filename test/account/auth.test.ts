import '../harness/place.ts';
import { describe, expect, test } from 'vitest';
import { newId, UUID } from '../../src/data/ids.ts';
import { Session } from '../../src/models/account/session.ts';
import { User } from '../../src/models/account/user.ts';
import { UserSettings } from '../../src/models/account/user-settings.ts';
import { IdempotencyRecord } from '../../src/models/api/idempotency-record.ts';
import { readDatabaseTime } from '../harness/database-time.ts';
import { call, given, PASSWORD, type Person } from '../harness/given.ts';
import { times } from '../harness/times.ts';
import { until } from '../harness/until.ts';

interface Problem {
  code: string;
  errors: { path: string; message: string }[];
}

const newName = () => `n${newId(Date.now()).toString().replaceAll('-', '')}`;
const account = (values: object = {}) => {
  const username = newName();
  return { email: `${username}@example.com`, username, password: PASSWORD, ...values };
};
const register = (body: object) => call<Problem>('POST', '/v1/auth/register', { body });
const login = (name: string, password = PASSWORD) =>
  call<{ user: { id: string } }>('POST', '/v1/auth/login', { body: { login: name, password } });
const dies = (person: Person) =>
  until('the session is dead', async () => (await person.get('/v1/users/me')).status === 401, 5000);

describe.concurrent('registering', () => {
  test('creates an active account with settings, signed in and without administrator rights', async () => {
    const body = account({ displayName: 'Alice' });
    const answer = await register(body);
    expect(answer).toMatchObject({
      status: 201,
      body: {
        user: { email: body.email, username: body.username, isActive: true, isAdmin: false },
        tokenType: 'Bearer',
        expiresIn: expect.any(Number),
      },
    });
    expect(answer.text).not.toMatch(/hashedPassword|argon2|staple/);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const { accessToken: token } = answer.body as unknown as { accessToken: string };
    expect((await call('GET', '/v1/settings', { token })).status).toBe(200);
  });

  test.each([
    ['email', ['', 'alice', 'alice@', '@example.com', 'a@b', 'a b@example.com', 'a@@example.com']],
    ['email', ['a@example..com', 'a@-example.com', `${'a'.repeat(250)}@example.com`, 7, null]],
    ['username', ['', 'ab', 'x'.repeat(51), 'with space', 'ümlaut', 'a@b', 'a/b', null]],
    [
      'password',
      ['', '1234567', 'abc'.repeat(43), '🎵😀🎶😀', '🎵😀🎶'.repeat(43), 12345678, null],
    ],
    ['password', ['password', 'Password1', '12345678', 'qwertyuiop']],
    ['displayName', ['x'.repeat(101), 7]],
  ])('refuses a bad %s (%#)', async (path, values) => {
    for (const value of values) {
      const answer = await register(account({ [path]: value }));
      expect([answer.status, answer.body.code], String(value)).toEqual([422, 'VALIDATION_FAILED']);
      expect([...new Set(answer.body.errors.map((e) => e.path))]).toEqual([path]);
    }
  });

  test('accepts a password of 8 to 128 characters, where an emoji counts as one', async () => {
    for (const password of ['8 chars!', 'üß'.repeat(64), '🎵🎶'.repeat(4), '🎵🎶'.repeat(64)]) {
      const body = account({ password });
      expect((await register(body)).status, password).toBe(201);
      expect((await login(body.email, password)).status).toBe(200);
    }
  });

  test('reports all faults at once, fields owned by the server among them', async () => {
    const body = { email: 'x', username: 'x', password: 'x', isAdmin: true, role: 'ADMIN' };
    const answer = await register(body);
    expect(answer.status).toBe(422);
    expect(answer.body.errors.map((e) => e.path).toSorted()).toEqual(Object.keys(body).toSorted());
    expect(await User.collection.countDocuments({ username: 'x' })).toBe(0);
  });

  test('refuses an email or username that differs from a taken one only in case', async () => {
    const alice = await given.user();
    for (const path of ['email', 'username'] as const) {
      const answer = await register(account({ [path]: alice[path].toUpperCase() }));
      expect(answer).toMatchObject({
        status: 409,
        body: { code: 'DUPLICATE', errors: [{ path }] },
      });
    }
  });

  test('answers one of 64 at once with the same email 201, and the others 409', async () => {
    const { email } = account();
    const answers = await Promise.all(times(64, () => register(account({ email }))));
    expect(answers.filter((a) => a.status === 201)).toHaveLength(1);
    const rest = answers.filter((a) => a.status !== 201);
    for (const { status, body } of rest) {
      expect([status, body.code, body.errors[0]?.path]).toEqual([409, 'DUPLICATE', 'email']);
    }
    const found = await User.collection.find({ email }).toArray();
    expect(found).toHaveLength(1);
    const user = found[0]?._id;
    expect(await UserSettings.collection.countDocuments({ user })).toBe(1);
    expect(await Session.collection.countDocuments({ user })).toBe(1);
  });

  test('answers a repeated Idempotency-Key with the same tokens, which are stored encrypted', async () => {
    const body = account();
    const headers = { 'idempotency-key': newName() };
    const first = await call('POST', '/v1/auth/register', { body, headers });
    const again = await call('POST', '/v1/auth/register', { body, headers });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect([again.status, again.text]).toEqual([201, first.text]);
    const rows = await User.model.db.collection('idempotencyRecords').find().toArray();
    expect(JSON.stringify(rows)).not.toContain(first.body.refreshToken);
  });
});

describe.concurrent('signing in', () => {
  test('works by email or username, in any case, and by nothing else', async () => {
    const alice = await given.user();
    const names = [alice.email, alice.username, alice.email.toUpperCase(), ` ${alice.username} `];
    for (const name of [...names, alice.username.toUpperCase()]) {
      const answer = await login(name);
      expect(answer, name).toMatchObject({ status: 200, body: { user: { id: alice.id } } });
    }
    const wrong = await login(alice.email, `${PASSWORD}!`);
    const nobody = await login(`${newName()}@example.com`);
    expect(wrong).toMatchObject({ status: 401, body: { code: 'INVALID_CREDENTIALS' } });
    expect({ ...nobody.body, instance: 0 }).toEqual({ ...wrong.body, instance: 0 });
  });

  test('accepts a password in composed or decomposed Unicode characters alike', async () => {
    const body = account({ password: 'Ångström 1874' });
    await register(body);
    expect((await login(body.email, body.password.normalize('NFD'))).status).toBe(200);
  });
});

describe.concurrent('a session', () => {
  test('is renewed by its refresh token, which can be used once', async () => {
    const alice = await given.user();
    const old = alice.refreshToken;
    const answer = await alice.refreshes();
    expect(answer.status).toBe(200);
    expect(answer.body.refreshToken).not.toBe(old);
    expect((await alice.get('/v1/users/me')).status).toBe(200);
    expect((await alice.get<{ data: object[] }>('/v1/sessions')).body.data).toHaveLength(1);
  });

  test('ends for whoever holds its tokens when a used refresh token is used again', async () => {
    const alice = await given.user();
    const other = await alice.signsIn();
    const stolen = alice.refreshToken;
    await alice.refreshes();
    const reuse = await alice.refreshes(stolen);
    expect(reuse).toMatchObject({ status: 401, body: { code: 'INVALID_REFRESH_TOKEN' } });
    expect((await alice.refreshes()).status).toBe(401);
    await dies(alice);
    expect((await other.get('/v1/users/me')).status).toBe(200);
    await until(
      'the end of the session is audited',
      async () => {
        const path = '/v1/audit-events?entity=Session';
        const { body } = await other.get<{ data: { action: string }[] }>(path);
        return body.data.some((e) => e.action === 'delete');
      },
      5000,
    );
  });

  test('is renewed for at most one of 8 who use the same refresh token at once', async () => {
    const alice = await given.user();
    const token = alice.refreshToken;
    const answers = await Promise.all(times(8, () => alice.refreshes(token)));
    expect(answers.filter((a) => a.status === 200).length).toBeLessThanOrEqual(1);
    expect(answers.filter((a) => a.status !== 200).every((a) => a.status === 401)).toBe(true);
  });

  test('cannot be renewed with a token that was never issued', async () => {
    const alice = await given.user();
    const { refreshToken } = alice;
    for (const forged of ['', 'x', 'A'.repeat(64), `${refreshToken.slice(0, -4)}AAAA`]) {
      const answer = await alice.refreshes(forged);
      expect([401, 422], forged).toContain(answer.status);
    }
    expect((await alice.refreshes('x'.repeat(513))).status).toBe(422);
    // Nor ended by them: whoever has seen its id can do it no harm.
    expect((await alice.refreshes(refreshToken)).status).toBe(200);
  });

  test('ends at once with the logout, and a second logout answers the same', async () => {
    const alice = await given.user();
    const body = { refreshToken: alice.refreshToken };
    expect((await alice.get('/v1/users/me')).status).toBe(200); // believed for 4 s
    expect((await call('POST', '/v1/auth/logout', { body })).status).toBe(204);
    expect((await alice.get('/v1/users/me')).status).toBe(401);
    expect((await alice.refreshes()).status).toBe(401);
    expect((await call('POST', '/v1/auth/logout', { body })).status).toBe(204);
  });

  test('ends with a logout by a token that was spent, and for whoever holds its other tokens', async () => {
    const alice = await given.user();
    const body = { refreshToken: alice.refreshToken };
    await alice.refreshes();
    expect((await call('POST', '/v1/auth/logout', { body })).status).toBe(204);
    expect((await alice.get('/v1/users/me')).status).toBe(401);
    expect((await alice.refreshes()).status).toBe(401);
  });

  test('is not ended by a logout with a token that was never issued', async () => {
    const alice = await given.user();
    const forged = `${alice.refreshToken.slice(0, -4)}AAAA`;
    const body = { refreshToken: forged };
    expect((await call('POST', '/v1/auth/logout', { body })).status).toBe(204);
    expect((await alice.get('/v1/users/me')).status).toBe(200);
  });

  test('ends within 5 s when the password is changed in another session, which goes on', async () => {
    const alice = await given.user();
    const other = await alice.signsIn();
    expect((await other.get('/v1/users/me')).status).toBe(200);
    const change = (currentPassword: string, newPassword: string) =>
      alice.post<Problem & { status: string; id: string }>('/v1/auth/password', {
        currentPassword,
        newPassword,
      });
    const wrong = await change('not this one', 'a wholly new password');
    expect(wrong).toMatchObject({ status: 401, body: { code: 'INVALID_CREDENTIALS' } });
    const weak = await change(PASSWORD, 'password1');
    expect(weak).toMatchObject({ status: 422, body: { errors: [{ path: 'newPassword' }] } });
    expect((await change(PASSWORD, 'a wholly new password')).status).toBe(204);
    expect((await other.refreshes()).status).toBe(401);
    await dies(other);
    expect((await alice.get('/v1/users/me')).status).toBe(200);
    expect((await login(alice.email)).status).toBe(401);
    expect((await login(alice.email, 'a wholly new password')).status).toBe(200);
  });

  test('ends within 5 s when the account is suspended, and stays ended when it is reinstated', async () => {
    const [alice, root] = await Promise.all([given.user(), given.admin()]);
    expect((await alice.get('/v1/users/me')).status).toBe(200);
    const set = (isActive: boolean) => root.patch(`/v1/users/${alice.id}`, { isActive });
    expect(await set(false)).toMatchObject({ status: 200, body: { isActive: false } });
    await dies(alice);
    expect((await login(alice.email)).status).toBe(401);
    expect((await login(alice.username)).status).toBe(401);
    expect((await alice.refreshes()).status).toBe(401);
    await set(true);
    // What was open before stays ended.
    expect((await alice.refreshes()).status).toBe(401);
    expect((await alice.get('/v1/users/me')).status).toBe(401);
    expect((await login(alice.email)).status).toBe(200);
  });

  test('is refused once it has expired, whatever its token says', async () => {
    const alice = await given.user();
    const expired = { $set: { expiresAt: new Date((await readDatabaseTime()) - 1) } };
    await Session.collection.updateOne({ user: new UUID(alice.id) }, expired);
    await dies(alice);
    expect((await alice.refreshes()).status).toBe(401);
  });
});

test('a registration interrupted before its answer is answered at the next try with the same account', async () => {
  const body = account();
  const again = () =>
    call<{ user: { id: string }; refreshToken: string }>('POST', '/v1/auth/register', {
      body,
      headers: { 'idempotency-key': 'mine' },
    });
  const first = await again();
  const record = { promisedId: new UUID(first.body.user.id) };
  const cutOff = { $unset: { answer: 1 as const }, $set: { runningUntil: new Date(0) } };
  const { matchedCount } = await IdempotencyRecord.collection.updateOne(record, cutOff);
  expect(matchedCount).toBe(1);
  const second = await again();
  expect(second).toMatchObject({ status: 201, body: { user: { id: first.body.user.id } } });
  expect(await User.collection.countDocuments({ email: body.email })).toBe(1);
});

test('a login with the old password at the moment of its change leaves no session behind', async () => {
  for (let round = 0; round < 4; round++) {
    const alice = await given.user();
    const change = alice.post('/v1/auth/password', {
      currentPassword: PASSWORD,
      newPassword: 'a wholly new password',
    });
    const logins = await Promise.all(
      times(4, () =>
        call<{ refreshToken: string }>('POST', '/v1/auth/login', {
          body: { login: alice.email, password: PASSWORD },
        }),
      ),
    );
    expect((await change).status).toBe(204);
    for (const { status, body } of logins.filter((l) => l.status === 200)) {
      const refresh = { body: { refreshToken: body.refreshToken } };
      expect([status, (await call('POST', '/v1/auth/refresh', refresh)).status]).toEqual([
        200, 401,
      ]);
    }
  }
});
