import { vi } from 'vitest';

const hashes = await vi.hoisted(async () =>
  (await import('../harness/count-hashes.ts')).countHashes(),
);

import '../advisories/support/setup.ts';
import '../harness/place.ts';
import { beforeAll, expect, test } from 'vitest';
import { UUID } from '../../src/data/ids.ts';
import { RateCount } from '../../src/models/account/rate-count.ts';
import { User } from '../../src/models/account/user.ts';
import { commandsOf } from '../advisories/support/commands.ts';
import { call, given, type Person } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { times } from '../harness/times.ts';

place({ worker: false });

// The hash of the usual password of tests is cached.
const PASSWORD = 'a password of their own';
let count = 0;
const newName = () => `nobody${++count}`;
const nobody = () => `${newName()}@example.com`;

const signIn = (login: string, password = 'a guess') =>
  call('POST', '/v1/auth/login', { body: { login, password } });
const askReset = (email: string) => call('POST', '/v1/auth/password-reset', { body: { email } });
const register = (email: string) =>
  call('POST', '/v1/auth/register', { body: { email, username: newName(), password: PASSWORD } });

/** How many hashes and queries something costs; usage is counted by itself, and reported now and then. */
async function costOf(work: () => Promise<{ status: number }>) {
  const before = hashes.count;
  let status = 0;
  const commands = await commandsOf(async () => {
    ({ status } = await work());
  });
  const queries = commands.filter(({ command }) => !JSON.stringify(command).includes('metering'));
  return { status, hashes: hashes.count - before, queries: queries.length };
}

let alice: Person;
let suspended: Person;

beforeAll(async () => {
  [alice, suspended] = await Promise.all([given.user(), given.user({ password: PASSWORD })]);
  await User.collection.updateOne({ _id: new UUID(suspended.id) }, { $set: { isActive: false } });
  // Keys are made when they are first needed.
  for (const ask of [signIn, askReset, register]) await ask(nobody());
});

test('a refused sign-in costs one hash and as many queries, whether there is such an account or not', async () => {
  const known = await costOf(() => signIn(alice.email));
  expect(known).toMatchObject({ status: 401, hashes: 1 });
  expect(known.queries).toBeGreaterThan(3);
  for (const [login, password] of [
    [alice.username],
    [suspended.email, PASSWORD],
    [nobody()],
    [newName()],
  ] as [string, string?][])
    expect(await costOf(() => signIn(login, password)), login).toEqual(known);
});

test('so does one that is refused because too many have failed, the first as well as later ones', async () => {
  const names = [alice.email, suspended.email, nobody()];
  const costs = [];
  for (const name of names) {
    await RateCount.collection.deleteMany({});
    await Promise.all(times(10, () => signIn(name)));
    costs.push([await costOf(() => signIn(name)), await costOf(() => signIn(name))]);
  }
  expect(costs[0]).toMatchObject(times(2, () => ({ status: 429, hashes: 0 })));
  for (const [n, cost] of costs.entries()) expect(cost, names[n]).toEqual(costs[0]);
});

test('asking for a reset of the password costs no hash and as many queries, whoever has the address', async () => {
  const known = await costOf(() => askReset(alice.email));
  expect(known).toMatchObject({ status: 202, hashes: 0 });
  for (const email of [suspended.email, nobody()])
    expect(await costOf(() => askReset(email)), email).toEqual(known);
});

test('registering costs one hash and as many queries, whether the address is taken or not', async () => {
  const known = await costOf(() => register(alice.email));
  expect(known).toMatchObject({ status: 409, hashes: 1 });
  const { status, ...unknown } = await costOf(() => register(nobody()));
  expect({ ...unknown, status: 409 }).toEqual(known);
  expect(status).toBe(201);
});
