import '../billing/priced.ts';
import '../harness/place.ts';
import type { mongo } from 'mongoose';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { connect, disconnect } from '../../src/data/connection.ts';
import { INTERACTIVE } from '../../src/data/deadlines.ts';
import { newId, UUID } from '../../src/data/ids.ts';
import { CreditHold } from '../../src/models/billing/credit-hold.ts';
import { CreditsTransaction } from '../../src/models/billing/credits-transaction.ts';
import { verifyLedger } from '../../src/services/billing/verify.ts';
import { cancelJob } from '../../src/services/jobs/control.ts';
import { enqueue } from '../../src/services/jobs/queue.ts';
import { workOnce } from '../../src/services/jobs/worker.ts';
import { followModel } from '../billing/ledger-model.ts';
import { grant } from '../billing/make-entry.ts';
import { spend } from '../billing/paid-jobs.ts';
import { paid, paidTypes } from '../billing/paid-type.ts';
import { spendAtOnce } from '../billing/spend-rounds.ts';
import { adminDatabase } from '../harness/admin.ts';
import { given, type Person } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { times } from '../harness/times.ts';

place({ worker: false });

const ctx = systemCtx('test');
const ROUNDS = Number(process.env.ROUNDS ?? 20);
const SEQUENCES = Number(process.env.SEQUENCES ?? 2000);

test(`${ROUNDS} times, of 2,000 spends by 64 clients exactly the 500 are accepted that the balance allows`, async () => {
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { accepted, refused, seconds } = await spendAtOnce(2000, 64, 500);
    expect([round, accepted, refused]).toEqual([round, 500, 1500]);
    rounds.push({ accepted, refused, seconds: Math.round(seconds * 10) / 10 });
  }
  console.table(rounds);
});

test(`${SEQUENCES} sequences of up to 30 steps leave what a model of the ledger says`, () =>
  followModel(SEQUENCES, 30));

describe('whatever fails, each write of money happens once, or not at all with a 503', () => {
  const KINDS: Record<string, mongo.Document> = {
    'the connection is cut': { closeConnection: true },
    'the primary has stepped down': { errorCode: 189 },
    'the write conflicts': { errorCode: 112, errorLabels: ['TransientTransactionError'] },
    'the node shuts down': { errorCode: 91 },
    'the write concern fails': { writeConcernError: { code: 91, errmsg: 'over' } },
    'the answer comes late': { blockConnection: true, blockTimeMS: 300 },
  };
  const TIMES = [1, 2, 3, 5];
  const admin = () => adminDatabase().client.db('admin');

  // How long a call may take is part of what is tried.
  beforeAll(async () => {
    await disconnect();
    await connect(INTERACTIVE);
    root = await given.admin();
  });

  afterEach(async () => {
    await admin().command({ configureFailPoint: 'failCommand', mode: 'off' });
    expect((await verifyLedger()).fault).toBeUndefined();
  });

  /** The writes of money: each is tried until it is done, as a client does with its key. */
  const WRITES: Record<string, (person: Person, key: string) => Promise<number>> = {
    'a spend': async (person, key) => (await spend(person, { 'idempotency-key': key })).status,
    'a grant': async (person, key) => {
      const body = { user: person.id, amount: 5, reason: 'for a test' };
      return (await root.post('/v1/credits/grants', body, { 'idempotency-key': key })).status;
    },
    'an adjustment': async (person, key) => {
      const body = { user: person.id, amount: -5, reason: 'for a test' };
      return (await root.post('/v1/credits/adjustments', body, { 'idempotency-key': key })).status;
    },
  };
  let root: Person;

  const failing = (mode: { times: number }, how: mongo.Document) => {
    const failCommands = ['insert', 'update', 'findAndModify', 'commitTransaction', 'find'];
    const data = { failCommands, ...how };
    return admin().command({ configureFailPoint: 'failCommand', mode, data });
  };

  const cases = Object.keys(WRITES).flatMap((write) =>
    Object.keys(KINDS).flatMap((kind) => TIMES.map((n) => [write, kind, n] as const)),
  );

  test.each(cases)('%s: %s, %i times', async (write, kind, n) => {
    const alice = await given.user();
    await grant(alice, 20);
    const key = String(newId(Date.now()));
    await failing({ times: n }, KINDS[kind] as mongo.Document);
    const statuses: number[] = [];
    const once = WRITES[write] as (typeof WRITES)[string];
    for (let i = 0; i < 10; i++) {
      const status = await once(alice, key);
      statuses.push(status);
      // One that was cut off holds its key for a while.
      if (status < 300 || status === 409) break;
      // Nothing else, and so the client tries again.
      expect(status, `${statuses}`).toBe(503);
    }
    const account = new UUID(alice.id);
    const [entries, holds] = await Promise.all([
      CreditsTransaction.collection.countDocuments({ account }),
      CreditHold.collection.countDocuments({ account }),
    ]);
    const done = write === 'a spend' ? [1, 1] : [2, 0];
    // What was cut off has happened, or has not.
    const open = statuses.at(-1) === 409 ? [done, [1, 0]] : [done];
    expect(open, `${statuses}`).toContainEqual([entries, holds]);
  });

  const ends = Object.keys(KINDS).flatMap((kind) =>
    TIMES.flatMap((n) => [
      ['a completion', kind, n] as const,
      ['a cancellation', kind, n] as const,
    ]),
  );

  test.each(ends)('%s: %s, %i times', async (end, kind, n) => {
    const alice = await given.user();
    await grant(alice, 20);
    const user = new UUID(alice.id);
    const job = await enqueue(ctx, paid, { input: { price: 10, use: 4 }, user });
    await failing({ times: n }, KINDS[kind] as mongo.Document);
    const finish = () =>
      end === 'a completion'
        ? workOnce(ctx, paidTypes, () => 900_000)
        : cancelJob(ctx, paidTypes, { _id: job._id });
    // A worker or client that is cut off tries again.
    for (const _ of times(8, () => 0)) {
      await finish().catch(() => undefined);
      await admin().command({ configureFailPoint: 'failCommand', mode: 'off' });
      const { body } = await alice.get('/v1/credits');
      if (body.held === 0) break;
    }
    const left = end === 'a completion' ? 16 : 20;
    expect((await alice.get('/v1/credits')).body).toEqual({
      balance: left,
      held: 0,
      available: left,
    });
  });
});
