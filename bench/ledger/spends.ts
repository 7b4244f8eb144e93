// Import this only after the environment is set: the product reads it when it is imported.
import mongoose from 'mongoose';
import { handler } from '../../functions/jobs.ts';
import { systemCtx } from '../../src/context.ts';
import { connect } from '../../src/data/connection.ts';
import { BACKGROUND } from '../../src/data/deadlines.ts';
import { newId, UUID } from '../../src/data/ids.ts';
import { transaction } from '../../src/data/transaction.ts';
import { CreditAccount } from '../../src/models/billing/credit-account.ts';
import { CreditHold } from '../../src/models/billing/credit-hold.ts';
import { grantCredits } from '../../src/services/billing/grants.ts';
import { holdTogether } from '../../src/services/billing/hold-together.ts';
import { verifyLedger } from '../../src/services/billing/verify.ts';
import { jobTypes } from '../../src/services/job-types.ts';
import type { JobType } from '../../src/services/jobs/job-type.ts';
import { enqueue } from '../../src/services/jobs/queue.ts';
import { takeAllowance } from '../../src/services/metering/allowances/counter.ts';
import { giveBack } from '../../src/services/metering/allowances/give-back.ts';
import { makeEvent } from '../event.ts';
import { fill, formatId, signToken } from '../fill.ts';
import { readCpuSeconds } from '../process.ts';

const CLIENTS = 64;
const GROUP = 100;
const CREDITS = 1_000_000;
const NOBODY = '00000000-0000-7000-8000-000000000000';

/** How many a second, how long one took, in ms, and what it cost, in ms of CPU of this process and of mongod. */
export interface Rate {
  perSecond: number;
  p50: number;
  p99: number;
  ownCpu: number;
  mongodCpu: number;
}

/** Makes so many accounts with credits. */
export async function prepareAccounts(users: number): Promise<void> {
  await fill({ users, projects: 1, tracks: 1 });
  for (let n = 0; n < users; n++) {
    const user = new UUID(formatId('user', n));
    await grantCredits(systemCtx('bench'), { user, amount: CREDITS, reason: 'for the bench' });
  }
  // What an account has since its first spend: a counter of its allowances, and a lane in the queue.
  const spend = spendInTurn(users);
  for (let n = 0; n < users; n += CLIENTS)
    await Promise.all(Array.from({ length: CLIENTS }, (_, i) => spend(n + i)));
}

/** The least that a spend can be: a guarded `$inc` of one document, journaled, by 64 callers. */
export async function measureFloor(seconds: number): Promise<Rate> {
  await connect(BACKGROUND);
  const accounts = mongoose.connection.collection<{ _id: string; balance: number }>('floor');
  await accounts.updateOne({ _id: 'hot' }, { $set: { balance: 1e9 } }, { upsert: true });
  const enough = { _id: 'hot', balance: { $gte: 1 } };
  const writeConcern = { w: 'majority', j: true } as const;
  return measure(seconds, () =>
    accounts.updateOne(enough, { $inc: { balance: -1 } }, { writeConcern }),
  );
}

/** Spends through the whole handler, over so many accounts in turn. */
export async function measureSpends(seconds: number, accounts: number): Promise<Rate> {
  return measure(seconds, spendInTurn(accounts));
}

function spendInTurn(accounts: number): (n: number) => Promise<void> {
  const tokens = Array.from({ length: accounts }, (_, n) => signToken(n));
  const body = { type: 'reprocess', input: { kind: 'TRACK', media: [NOBODY] } };
  return async (n) => {
    const token = tokens[n % accounts] as string;
    const event = makeEvent({ method: 'POST', path: '/v1/jobs', token, body });
    const { statusCode, body: text } = await handler(event, {} as never);
    if (statusCode !== 202) throw new Error(`A spend was answered ${statusCode}: ${text}`);
  };
}

/** Spends of one account as a consumer of a queue would, without HTTP, a hundred at a time. */
export async function measureGroups(seconds: number): Promise<Rate> {
  const [ctx, user] = [systemCtx('bench'), new UUID(formatId('user', 0))];
  const type = jobTypes.get('reprocess') as JobType;
  const job = { user, input: { kind: 'TRACK', media: [NOBODY] } };
  return measure(seconds, () => enqueue(ctx, type, job), { clients: GROUP });
}

/** The ledger's part of such groups: one consumer holds a hundred times of one account in a transaction, for no job. */
export async function measureHolds(seconds: number): Promise<Rate> {
  const [ctx, account] = [systemCtx('bench'), new UUID(formatId('user', 0))];
  const jobs: UUID[] = [];
  const holdGroup = () => {
    const wanted = Array.from({ length: GROUP }, () => {
      return { ctx, account, amount: 1, job: newId(ctx.clock()) };
    });
    jobs.push(...wanted.map(({ job }) => job));
    return transaction(ctx, (tx) => holdTogether(tx, wanted));
  };
  const rate = await measure(seconds, holdGroup, { clients: 1, each: GROUP });
  await forgetHolds(account, jobs);
  return rate;
}

/** Undoes holds for which there are no jobs, which the verifier would name. */
async function forgetHolds(account: UUID, jobs: UUID[]): Promise<void> {
  const { deletedCount } = await CreditHold.collection.deleteMany({ account, job: { $in: jobs } });
  const change = { $inc: { available: deletedCount, held: -deletedCount } };
  await CreditAccount.collection.updateOne({ _id: account }, change);
}

/** What an allowance costs a request: counted and given back, over so many accounts in turn. */
export async function measureAllowances(seconds: number, accounts: number): Promise<Rate> {
  const ctx = systemCtx('bench');
  const users = Array.from({ length: accounts }, (_, n) => new UUID(formatId('user', n)));
  const usage = { bytes: 1000, documents: 1, uploads: 1 };
  return measure(seconds, async (n) => {
    const user = users[n % accounts] as UUID;
    await takeAllowance(ctx, user, usage);
    if (n % 100 === 0) await giveBack(ctx, user, usage);
  });
}

/** Reads the ledger that the spends have left. */
export async function measureVerifier(): Promise<{ entries: number; perSecond: number }> {
  const began = performance.now();
  const { entries, accounts, fault } = await verifyLedger();
  if (fault) throw new Error(`Account ${fault.account}: ${fault.message}`);
  return { entries, perSecond: (entries + accounts) / ((performance.now() - began) / 1000) };
}

async function measure(
  seconds: number,
  once: (n: number) => Promise<unknown>,
  { clients = CLIENTS, each = 1 } = {},
): Promise<Rate> {
  const times: number[] = [];
  const [began, cpu] = [performance.now(), readCpu()];
  const isOver = () => performance.now() - began > seconds * 1000;
  let n = 0;
  const client = async () => {
    while (!isOver()) {
      const start = performance.now();
      await once(n++);
      times.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  const took = (performance.now() - began) / 1000;
  const spent = readCpu();
  times.sort((a, b) => a - b);
  const count = times.length * each;
  const at = (share: number) => times[Math.floor(share * (times.length - 1))] as number;
  return {
    ...{ perSecond: count / took, p50: at(0.5), p99: at(0.99) },
    ownCpu: (1000 * (spent.own - cpu.own)) / count,
    mongodCpu: (1000 * (spent.mongod - cpu.mongod)) / count,
  };
}

/** Seconds of CPU so far: mongod is a child of this process. */
function readCpu() {
  const { user, system } = process.cpuUsage();
  const own = (user + system) / 1e6;
  return { own, mongod: readCpuSeconds(process.pid) - own };
}
