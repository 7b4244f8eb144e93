import '../harness/place.ts';
import { expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { newId, UUID } from '../../src/data/ids.ts';
import { Session } from '../../src/models/account/session.ts';
import { User } from '../../src/models/account/user.ts';
import { removeRefused } from '../../src/services/account/sessions.ts';
import { type Answer, given, PASSWORD, type Person } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { profileOf } from '../harness/profile.ts';
import { times } from '../harness/times.ts';

// Nobody sweeps while it is measured.
place({ worker: false });

const FEW = 10;
const MANY = 10_000;
const ROUNDS = 15;
/** The version of the credentials that all sessions are planted with. */
const VERSION = 7;

const countOf = (person: Person) =>
  Session.collection.countDocuments({ user: new UUID(person.id) });

/**
 * Sessions that are as good as those of many sign-ins. In each round but the first the account is put back to
 * where it was: ten thousand sessions that are written anew would keep the database busy while it is measured.
 */
async function plant(person: Person, count: number): Promise<void> {
  const user = new UUID(person.id);
  const missing = count - (await countOf(person));
  const now = new Date(Date.now() - 60_000);
  const expiresAt = new Date(Date.now() + 3_600_000);
  const documents = times(Math.max(missing, 0), (n) => ({
    ...{ _id: newId(now.getTime()), user, refreshTokenHash: `none ${n}`, expiresAt },
    ...{ credentialsVersion: VERSION, createdAt: now, updatedAt: now, version: 1 },
  }));
  if (documents.length > 0) await Session.collection.insertMany(documents);
  const current = { $set: { credentialsVersion: VERSION } };
  await User.collection.updateOne({ _id: user }, current);
  const ended = { user, credentialsVersion: { $ne: VERSION } };
  await Session.collection.updateMany(ended, current);
}

/** What an account with few sessions pays, and one with many: both in turn, on the same machine. */
async function compare(end: (person: Person) => Promise<Answer<unknown>>) {
  const accounts = [
    { person: await given.user(), count: FEW },
    { person: await given.user(), count: MANY },
  ];
  const measured = accounts.map(() => ({
    ms: [] as number[],
    examined: [] as number[],
    sessions: 0,
  }));
  for (let round = 0; round <= ROUNDS; round++) {
    for (const { person, count } of accounts) await plant(person, count);
    const turns = [...accounts.entries()];
    for (const [n, { person }] of round % 2 ? turns.toReversed() : turns) {
      const begun = performance.now();
      const answer = await end(person);
      const elapsed = performance.now() - begun;
      expect(answer.status, answer.text).toBeLessThan(300);
      if (round > 0) measured[n]?.ms.push(elapsed); // the first warms up
    }
  }
  for (const [n, { person, count }] of accounts.entries()) {
    await plant(person, count);
    const profiled = await profileOf(() => end(person));
    const mine = measured[n] as (typeof measured)[0];
    for (const { ns, docsExamined = 0 } of profiled) {
      mine.examined.push(docsExamined);
      if (ns.endsWith('.sessions')) mine.sessions += docsExamined;
    }
  }
  const [few, many] = measured as [(typeof measured)[0], (typeof measured)[0]];
  return { few, many, accounts };
}

const middle = (all: number[]) => all.toSorted((a, b) => a - b)[all.length >> 1] as number;

function expectSameCost({ few, many }: Awaited<ReturnType<typeof compare>>) {
  const [ofFew, ofMany] = [middle(few.ms), middle(many.ms)];
  console.table({ [`ms with ${FEW} sessions`]: ofFew, [`with ${MANY}`]: ofMany });
  // Others ask meanwhile: who counts calls, what waits for a job.
  for (const { examined, sessions } of [few, many]) {
    expect(Math.max(...examined)).toBeLessThanOrEqual(FEW);
    expect(sessions).toBeLessThanOrEqual(FEW);
  }
  expect(ofMany / ofFew).toBeLessThan(1.5);
}

test('suspending an account with 10,000 sessions costs what it costs with ten', async () => {
  const root = await given.admin();
  const suspend = (person: Person) => root.patch(`/v1/users/${person.id}`, { isActive: false });
  const compared = await compare(async (person) => {
    await User.collection.updateOne({ _id: new UUID(person.id) }, { $set: { isActive: true } });
    return suspend(person);
  });
  expectSameCost(compared);
  const [, many] = compared.accounts;
  const person = many?.person as Person;
  expect((await person.refreshes()).status).toBe(401);
  while (await removeRefused(systemCtx('test'), new UUID(person.id)));
  expect(await countOf(person)).toBe(0);
});

test('changing the password of an account with 10,000 sessions costs what it costs with ten', async () => {
  const passwords = new Map<string, string>();
  const compared = await compare((person) => {
    const currentPassword = passwords.get(person.id) ?? PASSWORD;
    const newPassword = `a wholly new password ${passwords.size} ${Math.random()}`;
    passwords.set(person.id, newPassword);
    return person.post('/v1/auth/password', { currentPassword, newPassword });
  });
  expectSameCost(compared);
  const [, many] = compared.accounts;
  const person = many?.person as Person;
  while (await removeRefused(systemCtx('test'), new UUID(person.id)));
  expect(await countOf(person)).toBe(1);
  expect((await person.refreshes()).status).toBe(200);
});
