import '../harness/place.ts';
import { expect, test } from 'vitest';
import { call, given, PASSWORD, type Person } from '../harness/given.ts';
import { mailsTo, mailTo, readToken } from '../harness/mails.ts';

const CONFIRM = 'Confirm your address';

const verify = (token: string) => call('POST', '/v1/auth/verify-email', { body: { token } });

const verifiedAt = async (person: Person) =>
  (await person.get('/v1/users/me')).body.emailVerifiedAt;

const changeTo = (person: Person, email: string, password = PASSWORD) =>
  person.post('/v1/auth/email', { email, password });

const tokenTo = async (address: string, count = 1) =>
  readToken(await mailTo(address, CONFIRM, count));

test('registering sends a mail, and its token confirms the address once', async () => {
  const alice = await given.user();
  const token = await tokenTo(alice.email);
  expect(await verifiedAt(alice)).toBeUndefined();
  expect((await verify(token)).status).toBe(204);
  expect(await verifiedAt(alice)).toBeTypeOf('string');
  expect(await verify(token)).toMatchObject({ status: 422, body: { code: 'INVALID_TOKEN' } });
});

test('a new address is the account’s once it is confirmed, and the former address is told', async () => {
  const alice = await given.user();
  const wanted = `new.${alice.email}`;
  expect((await changeTo(alice, wanted)).status).toBe(202);
  const token = await tokenTo(wanted);
  expect((await alice.get('/v1/users/me')).body.email).toBe(alice.email);
  expect((await verify(token)).status).toBe(204);
  expect((await alice.get('/v1/users/me')).body.email).toBe(wanted);
  const notice = await mailTo(alice.email, 'address of your account was changed');
  expect(notice.text + notice.html).not.toContain(wanted);
  const old = { login: alice.email, password: PASSWORD };
  expect((await call('POST', '/v1/auth/login', { body: old })).status).toBe(401);
});

test('an address is not changed without the password', async () => {
  const alice = await given.user();
  const wanted = `new.${alice.email}`;
  expect((await changeTo(alice, wanted, 'wrong')).body.code).toBe('INVALID_CREDENTIALS');
  expect(await mailsTo(wanted)).toEqual([]);
});

test('the address of somebody else is answered as any other, and gets no mail', async () => {
  const [alice, bob] = await Promise.all([given.user(), given.user()]);
  await tokenTo(bob.email);
  const taken = await changeTo(alice, bob.email);
  const free = await changeTo(alice, `new.${alice.email}`);
  expect([taken.status, taken.text]).toEqual([free.status, free.text]);
  await tokenTo(`new.${alice.email}`); // asked for later, so the other job has run
  expect(await mailsTo(bob.email, CONFIRM)).toHaveLength(1);
});

test('an address that somebody took before it was confirmed stays theirs', async () => {
  const [alice, bob] = await Promise.all([given.user(), given.user()]);
  const wanted = `both.${alice.email}`;
  await Promise.all([changeTo(alice, wanted), changeTo(bob, wanted)]);
  await mailTo(wanted, CONFIRM, 2);
  const tokens = (await mailsTo(wanted, CONFIRM)).map(readToken);
  const statuses = [];
  for (const token of tokens) statuses.push((await verify(token)).status);
  expect(statuses).toEqual([204, 409]);
});

test('a changed password makes the confirmation of a new address worthless that was asked for before', async () => {
  const alice = await given.user();
  const wanted = `new.${alice.email}`;
  await changeTo(alice, wanted);
  const token = await tokenTo(wanted);
  const change = { currentPassword: PASSWORD, newPassword: 'a wholly new password' };
  await alice.post('/v1/auth/password', change);
  expect((await verify(token)).status).toBe(422);
  expect((await alice.get('/v1/users/me')).body.email).toBe(alice.email);
});

test('of 64 uses of one token at once, one works', async () => {
  for (let round = 0; round < 3; round++) {
    const alice = await given.user();
    const token = await tokenTo(alice.email);
    const answers = await Promise.all(Array.from({ length: 64 }, () => verify(token)));
    expect(answers.map((a) => a.status).toSorted()).toEqual([204, ...Array(63).fill(422)]);
  }
});

test('a token resets no password when it was made to confirm an address', async () => {
  const alice = await given.user();
  const body = { token: await tokenTo(alice.email), password: 'a wholly new password' };
  expect((await call('POST', '/v1/auth/password-reset/confirm', { body })).status).toBe(422);
});
