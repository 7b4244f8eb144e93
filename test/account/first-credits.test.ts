import '../billing/welcomed.ts';
import '../harness/place.ts';
import '../harness/check-ledger.ts';
import { expect, test } from 'vitest';
import { call, given, type Person } from '../harness/given.ts';
import { mailTo, readToken } from '../harness/mails.ts';

async function verify(person: Person): Promise<void> {
  const token = readToken(await mailTo(person.email, 'Confirm your address'));
  expect((await call('POST', '/v1/auth/verify-email', { body: { token } })).status).toBe(204);
}

const PASSWORD = 'a wholly new password';

async function reset(person: Person): Promise<Person> {
  const { email } = person;
  expect((await call('POST', '/v1/auth/password-reset', { body: { email } })).status).toBe(202);
  const token = readToken(await mailTo(email, 'Reset your password'));
  const body = { token, password: PASSWORD };
  expect((await call('POST', '/v1/auth/password-reset/confirm', { body })).status).toBe(204);
  return person.signsIn(PASSWORD);
}

const creditsOf = async (person: Person) => (await person.get('/v1/credits')).body;
const FIRST = { balance: 25, held: 0, available: 25 };

test('who confirms an address by a mail gets the first credits', async () => {
  const alice = await given.user();
  expect(await creditsOf(alice)).toMatchObject({ balance: 0 });
  await verify(alice);
  expect(await creditsOf(alice)).toEqual(FIRST);
});

test('who confirms it by resetting the password gets them too, and once', async () => {
  const alice = await reset(await given.user());
  expect(await creditsOf(alice)).toEqual(FIRST);
  const { emailVerifiedAt } = (await alice.get('/v1/users/me')).body;
  await verify(alice);
  expect(await creditsOf(alice)).toEqual(FIRST);
  // It was confirmed then, and is since.
  expect((await alice.get('/v1/users/me')).body).toMatchObject({ emailVerifiedAt });
});
