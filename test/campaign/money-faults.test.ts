import { vi } from 'vitest';

const stripe = await vi.hoisted(async () => (await import('../harness/stripe.ts')).startStripe());

import '../billing/priced.ts';
import '../billing/welcomed.ts';
import '../harness/place.ts';
import { isDeepStrictEqual } from 'node:util';
import type { mongo } from 'mongoose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { connect, disconnect } from '../../src/data/connection.ts';
import { INTERACTIVE } from '../../src/data/deadlines.ts';
import { idText, newId, type UUID } from '../../src/data/ids.ts';
import { CreditAccount } from '../../src/models/billing/credit-account.ts';
import { CreditsTransaction } from '../../src/models/billing/credits-transaction.ts';
import { Job } from '../../src/models/jobs/job.ts';
import { expireHolds } from '../../src/services/billing/expire-holds.ts';
import { adminCollection, adminDatabase } from '../harness/admin.ts';
import { given, type Person } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { until } from '../harness/until.ts';
import { ends, listPayments, listRequests, type Moves } from './money-moves.ts';

place({ worker: false });

const KINDS: Record<string, mongo.Document> = {
  'the connection is cut': { closeConnection: true },
  'the primary has stepped down': { errorCode: 189 },
  'the write conflicts': { errorCode: 112, errorLabels: ['TransientTransactionError'] },
  'the node shuts down': { errorCode: 91 },
  'the write concern fails': { writeConcernError: { code: 91, errmsg: 'over' } },
  'the answer comes late': { blockConnection: true, blockTimeMS: 300 },
};
const TIMES = [1, 2, 3, 5];
const COMMANDS = ['insert', 'update', 'findAndModify', 'delete', 'commitTransaction', 'find'];
const TRIES = 6;
const STATUSES = [200, 201, 202, 409, 503];

const admin = () => adminDatabase().client.db('admin');
let root: Person;

// How long a call may take is part of what is tried.
beforeAll(async () => {
  await disconnect();
  await connect(INTERACTIVE);
  root = await given.admin();
});

// All of them take longer than a token is valid.
beforeEach(() => root.refreshes());

// What one test leaves, no worker of the next one takes.
afterEach(async () => {
  await admin().command({ configureFailPoint: 'failCommand', mode: 'off' });
  await Job.collection.deleteMany({});
  await expireHolds({ ...systemCtx('test'), clock: () => Date.now() + 60_000 });
});

afterAll(() => stripe.stop());

const moves: Moves = { ...listRequests(() => root), ...ends, ...listPayments(stripe) };

/**
 * What an account has, as the test's own connection reads it, which no fault is in the way of. One that was opened and
 * has nothing is as none.
 */
async function read(account: UUID) {
  const found = await adminCollection(CreditAccount).findOne({ _id: account });
  const entries = await adminCollection(CreditsTransaction).countDocuments({ account });
  return { available: found?.available ?? 0, held: found?.held ?? 0, entries };
}

describe.each(Object.keys(moves))('%s happens once, or not at all with a 503, when', (name) => {
  const cases = Object.keys(KINDS).flatMap((kind) => TIMES.map((n) => [kind, n] as const));

  test.each(cases)('%s, %i times', async (kind, times) => {
    const move = await (moves[name] as Moves[string])(idText(newId(Date.now())));
    const before = await read(move.account);
    const data = { failCommands: COMMANDS, appName: 'mixdown', ...KINDS[kind] };
    await admin().command({ configureFailPoint: 'failCommand', mode: { times }, data });
    const statuses: (number | string)[] = [];
    /** Whether it has happened: whoever is cut off tries again, a client with its key. */
    const tryOnce = async () => {
      const status = await move.once().catch((error) => String(error));
      statuses.push(status ?? 'done');
      const now = await read(move.account);
      expect([before, move.end], `${statuses}`).toContainEqual(now);
      if (typeof status === 'number') expect(STATUSES, `${statuses}`).toContain(status);
      return typeof status === 'number' ? status < 300 : isDeepStrictEqual(now, move.end);
    };
    let isDone = false;
    for (let n = 0; n < TRIES && !isDone; n++) isDone = await tryOnce();
    // The driver takes a server that says that it goes for gone, for some seconds, though this one stays.
    await admin().command({ configureFailPoint: 'failCommand', mode: 'off' });
    if (!isDone) await until('it has happened', tryOnce);
    expect(await read(move.account), `${statuses}`).toEqual(move.end);
  });
});
