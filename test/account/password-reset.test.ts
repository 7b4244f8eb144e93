import '../harness/place.ts';
import { expect, test } from 'vitest';
import { LONG_AGO } from '../../src/data/database-time.ts';
import { UUID } from '../../src/data/ids.ts';
import { MailToken } from '../../src/models/account/mail-token.ts';
import { User } from '../../src/models/account/user.ts';
import { call, given, PASSWORD, type Person } from '../harness/given.ts';
import { mailTo, readToken } from '../harness/mails.ts';

const WANTED = 'a wholly new password';

const ask = (email: string) => call('POST', '/v1/auth/password-reset', { body: { email } });

const confirm = (token: string, password = WANTED) =>
  call('POST', '/v1/auth/password-reset/confirm', { body: { token, password } });

const signIn = (person: Person, password: string) =>
  call('POST', '/v1/auth/login', { body: { login: person.email, password } });

async function askForToken(person: Person): Promise<string> {
  expect((await ask(person.email)).status).toBe(202);
  return readToken(await mailTo(person.email, 'Reset your password'));
}

test('a mail resets the password: every session ends, the old password is refused, the new one signs in', async () => {
  const alice = await given.user();
  const token = await askForToken(alice);
  expect((await confirm(token)).status).toBe(204);
  expect((await alice.refreshes()).status).toBe(401);
  expect((await signIn(alice, PASSWORD)).status).toBe(401);
  const again = await alice.signsIn(WANTED);
  expect((await again.get('/v1/users/me')).body.emailVerifiedAt).toBeTypeOf('string');
});

test('a token works once, and a used, unknown or expired one reads the same', async () => {
  const [alice, bob] = await Promise.all([given.user(), given.user()]);
  const token = await askForToken(alice);
  expect((await confirm(token)).status).toBe(204);
  const late = await askForToken(bob);
  await MailToken.collection.updateMany(
    { user: new UUID(bob.id) },
    { $set: { expiresAt: LONG_AGO } },
  );
  for (const bad of [token, late, 'nonsense']) {
    const { status, body } = await confirm(bad);
    expect({ status, code: body.code }).toEqual({ status: 422, code: 'INVALID_TOKEN' });
  }
  expect((await signIn(bob, PASSWORD)).status).toBe(200);
});

test('a password that is refused does not use the token up', async () => {
  const alice = await given.user();
  const token = await askForToken(alice);
  expect(await confirm(token, 'password1')).toMatchObject({
    status: 422,
    body: { code: 'VALIDATION_FAILED', errors: [{ path: 'password' }] },
  });
  expect((await confirm(token)).status).toBe(204);
});

test('of eight uses of one token at once, one works', async () => {
  const alice = await given.user();
  const token = await askForToken(alice);
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, n) => confirm(token, `${WANTED} ${n}`)),
  );
  expect(answers.map((a) => a.status).toSorted()).toEqual([204, ...Array(7).fill(422)]);
});

test('a changed password makes the tokens worthless that were sent before', async () => {
  const alice = await given.user();
  const token = await askForToken(alice);
  const change = { currentPassword: PASSWORD, newPassword: WANTED };
  expect((await alice.post('/v1/auth/password', change)).status).toBe(204);
  expect((await confirm(token, 'another new password')).status).toBe(422);
});

test('a suspended account is sent no token, and one that it has is worth nothing', async () => {
  const alice = await given.user();
  const token = await askForToken(alice);
  await User.collection.updateOne({ _id: new UUID(alice.id) }, { $set: { isActive: false } });
  expect((await confirm(token)).status).toBe(422);
});

test('what is stored of a token is its hash', async () => {
  const alice = await given.user();
  const token = await askForToken(alice);
  const stored = await MailToken.collection
    .find({ user: new UUID(alice.id), purpose: 'RESET_PASSWORD' })
    .toArray();
  expect(stored).toHaveLength(1);
  expect(JSON.stringify(stored)).not.toContain(token);
  expect(JSON.stringify(stored)).not.toContain(alice.email);
});
