import { idText } from '../../data/ids.ts';
import { CreditAccount, type CreditAccountDoc } from '../../models/billing/credit-account.ts';
import { CreditHold } from '../../models/billing/credit-hold.ts';
import {
  CreditsTransaction,
  type CreditsTransactionDoc,
} from '../../models/billing/credits-transaction.ts';
import { SYSTEM_ACCOUNTS } from './accounts.ts';
import { hashEntry } from './ledger.ts';
import { verifyHolds } from './verify-holds.ts';

/** The first thing that is wrong, and where. */
export interface LedgerFault {
  account: string;
  /** The number of the entry; none where the account itself is wrong. */
  sequence?: number;
  message: string;
}

/** What was looked at. */
export interface LedgerReport {
  accounts: number;
  entries: number;
  fault?: LedgerFault;
}

type Verified = Pick<LedgerReport, 'entries' | 'fault'>;

const BATCH = 1000;

/**
 * Reads the whole ledger, account by account, and recomputes what is stored: the numbers of the entries, their
 * sums, their hashes, and the balance, the held credits and the end of the chain of each account. Ends at the
 * first fault. Nothing may be written meanwhile to the account that is read, or the reading is repeated.
 */
export async function verifyLedger(): Promise<LedgerReport> {
  const accounts = CreditAccount.collection.find({}).sort({ _id: 1 }).batchSize(BATCH);
  const report: LedgerReport = { accounts: 0, entries: 0 };
  for await (const found of accounts) {
    const { entries, fault } = await verifyAgain(found as unknown as CreditAccountDoc);
    report.accounts++;
    report.entries += entries;
    if (fault) return { ...report, fault };
  }
  const fault = (await findStray()) ?? (await verifyHolds());
  return fault ? { ...report, fault } : report;
}

const TRIES = 5;

/** Verifies an account; once more where it has changed meanwhile, and something seemed wrong for that. */
async function verifyAgain(account: CreditAccountDoc): Promise<Verified> {
  let latest = account;
  for (let tries = 1; ; tries++) {
    const result = await verifyAccount(latest);
    if (!result.fault) return result;
    const now = (await CreditAccount.collection.findOne({ _id: account._id })) as typeof latest;
    if (now.version === latest.version || tries === TRIES) return result;
    latest = now;
  }
}

async function verifyAccount(account: CreditAccountDoc): Promise<Verified> {
  const { _id, available, held, debt, sequence, headHash } = account;
  const filter = { account: _id, sequence: { $lte: sequence } };
  const entries = CreditsTransaction.collection
    .find<CreditsTransactionDoc>(filter)
    .sort({ account: 1, sequence: 1 })
    .batchSize(BATCH);
  let [count, balance, owed, last] = [0, 0, 0, undefined as string | undefined];
  const fail = (message: string, at?: number) => ({
    entries: count,
    fault: { account: idText(_id), ...(at && { sequence: at }), message },
  });
  for await (const entry of entries) {
    count++;
    const { sequence: number } = entry;
    if (number !== count) return fail(`Entry ${count} is missing.`, count);
    const sum = entry.postings.reduce((total, { amount }) => total + amount, 0);
    if (sum !== 0) return fail(`The postings of entry ${number} add up to ${sum}.`, number);
    if (entry.postings[0]?.amount !== entry.amount)
      return fail(`Entry ${number} does not post what it says.`, number);
    if (entry.previousHash !== last)
      return fail(`Entry ${number} does not follow the entry before.`, number);
    if (hashEntry(entry) !== entry.hash)
      return fail(`Entry ${number} is not what was written.`, number);
    balance += entry.amount;
    if (entry.balanceAfter !== balance)
      return fail(`After entry ${number} the balance is ${balance}.`, number);
    owed += entry.cause === 'DEBT' ? entry.amount : 0;
    if (entry.cause === 'DEBT' && !entry.postings[1]?.account.equals(SYSTEM_ACCOUNTS.DEBT))
      return fail(`Entry ${number} is a debt that is posted elsewhere.`, number);
    last = entry.hash;
  }
  if (count !== sequence) return fail(`Entry ${count + 1} is missing.`, count + 1);
  if (headHash !== last) return fail('The account ends with another entry.');
  if (available + held !== balance) {
    return fail(`Its balance is ${available + held}; its entries add up to ${balance}.`);
  }
  if (debt !== owed) return fail(`It owes ${debt}; its entries add up to a debt of ${owed}.`);
  const reserved = await sumHolds(account);
  if (reserved !== held) return fail(`It holds ${held}; its open holds add up to ${reserved}.`);
  return { entries: count };
}

async function sumHolds({ _id }: CreditAccountDoc): Promise<number> {
  const [sum] = await CreditHold.collection
    .aggregate<{ total: number }>([
      { $match: { account: _id, state: 'HELD' } },
      { $group: { _id: null, total: { $sum: '$amount' } } },
    ])
    .toArray();
  return sum?.total ?? 0;
}

/** Finds an entry of an account that is not there. */
async function findStray(): Promise<LedgerFault | undefined> {
  const [stray] = await CreditsTransaction.collection
    .aggregate<{ _id: CreditAccountDoc['_id'] }>([
      { $sort: { account: 1, sequence: 1 } },
      { $group: { _id: '$account' } },
      {
        $lookup: {
          from: CreditAccount.collectionName,
          localField: '_id',
          foreignField: '_id',
          as: 'account',
        },
      },
      { $match: { account: [] } },
      { $limit: 1 },
    ])
    .toArray();
  return stray && { account: idText(stray._id), message: 'It has entries, but is not there.' };
}
