import { idText } from '../../data/ids.ts';
import { CreditAccount, type CreditAccountDoc } from '../../models/billing/credit-account.ts';
import { CreditHold } from '../../models/billing/credit-hold.ts';
import { CreditLot } from '../../models/billing/credit-lot.ts';
import {
  CreditsTransaction,
  type CreditsTransactionDoc,
} from '../../models/billing/credits-transaction.ts';
import { SYSTEM_ACCOUNTS } from './accounts.ts';
import { hashEntry } from './ledger.ts';
import { BATCH } from './side-by-side.ts';

/** What is wrong with an account, and at which of its entries. */
export interface AccountFault {
  sequence?: number;
  message: string;
}

/** An account, as far as what is stored of it has been read. */
export interface Reading {
  account: CreditAccountDoc;
  entries: number;
  balance: number;
  owed: number;
  lastHash?: string;
  /** What its open holds, and its lots, add up to. */
  reserved: number;
  inLots: number;
  fault?: AccountFault;
}

export function beginReading(account: CreditAccountDoc): Reading {
  return { account, entries: 0, balance: 0, owed: 0, reserved: 0, inLots: 0 };
}

/** Reads the next entry of an account: after a fault, and beyond the account's last, none counts. */
export function readEntry(reading: Reading, entry: CreditsTransactionDoc): void {
  if (reading.fault || entry.sequence > reading.account.sequence) return;
  reading.entries++;
  reading.balance += entry.amount;
  reading.owed += countOwed(entry);
  const message = findFault(reading, entry);
  const { entries: sequence } = reading;
  if (message) reading.fault = { sequence, message };
  reading.lastHash = entry.hash;
}

/** What an entry adds to the debt, or pays of it, whatever it says that it comes from. */
function countOwed({ postings }: CreditsTransactionDoc): number {
  const [, other] = postings;
  return other?.account.equals(SYSTEM_ACCOUNTS.DEBT) ? -other.amount : 0;
}

function findFault(reading: Reading, entry: CreditsTransactionDoc): string | undefined {
  const { entries: count, balance, lastHash } = reading;
  const { sequence, postings, amount, cause } = entry;
  if (sequence !== count) return `Entry ${count} is missing.`;
  const sum = postings.reduce((total, one) => total + one.amount, 0);
  if (sum !== 0) return `The postings of entry ${sequence} add up to ${sum}.`;
  if (postings[0]?.amount !== amount) return `Entry ${sequence} does not post what it says.`;
  if (entry.previousHash !== lastHash) return `Entry ${sequence} does not follow the entry before.`;
  if (hashEntry(entry) !== entry.hash) return `Entry ${sequence} is not what was written.`;
  if (entry.balanceAfter !== balance) return `After entry ${sequence} the balance is ${balance}.`;
  if (cause === 'DEBT' && !postings[1]?.account.equals(SYSTEM_ACCOUNTS.DEBT))
    return `Entry ${sequence} is a debt that is posted elsewhere.`;
  return undefined;
}

/** What is wrong, once all of an account has been read. */
export function endReading(reading: Reading): AccountFault | undefined {
  if (reading.fault) return reading.fault;
  const { account, entries, balance, owed, reserved, inLots } = reading;
  const { available, held, debt, sequence, headHash } = account;
  if (entries !== sequence)
    return { sequence: entries + 1, message: `Entry ${entries + 1} is missing.` };
  const message = [
    headHash !== reading.lastHash && 'The account ends with another entry.',
    available + held !== balance &&
      `Its balance is ${available + held}; its entries add up to ${balance}.`,
    debt !== owed && `It owes ${debt}; its entries add up to a debt of ${owed}.`,
    held !== reserved && `It holds ${held}; its open holds add up to ${reserved}.`,
    inLots > balance && `Its lots have ${inLots}; its balance is ${balance}.`,
  ].find((one) => one !== false);
  return message ? { message } : undefined;
}

const TRIES = 5;

/** Verifies one account by itself; once more where it has changed meanwhile, and something seemed wrong for that. */
export async function verifyAccount(
  _id: CreditAccountDoc['_id'],
): Promise<AccountFault | undefined> {
  for (let tries = 1; ; tries++) {
    const account = await findAccount(_id);
    if (!account) return { message: 'It has entries, but is not there.' };
    const fault = await readAccount(account);
    if (!fault || tries === TRIES) return fault;
    if ((await findAccount(_id))?.version === account.version) return fault;
  }
}

function findAccount(_id: CreditAccountDoc['_id']): Promise<CreditAccountDoc | null> {
  return CreditAccount.collection.findOne<CreditAccountDoc>({ _id });
}

async function readAccount(account: CreditAccountDoc): Promise<AccountFault | undefined> {
  const { _id, sequence } = account;
  const reading = beginReading(account);
  const entries = CreditsTransaction.collection
    .find<CreditsTransactionDoc>({ account: _id, sequence: { $lte: sequence } })
    .sort({ account: 1, sequence: 1 })
    .batchSize(BATCH);
  for await (const entry of entries) readEntry(reading, entry);
  reading.reserved = await addUp(CreditHold, { account: _id, state: 'HELD' }, 'amount');
  const left = { account: _id, remaining: { $gt: 0 } };
  reading.inLots = await addUp(CreditLot, left, 'remaining');
  return endReading(reading);
}

async function addUp(
  { collection }: Pick<typeof CreditHold | typeof CreditLot, 'collection'>,
  filter: object,
  path: string,
): Promise<number> {
  const sum = { $group: { _id: null, total: { $sum: `$${path}` } } };
  const [found] = await collection
    .aggregate<{ total: number }>([{ $match: filter }, sum])
    .toArray();
  return found?.total ?? 0;
}

/** The fault of an account, as the report names it. */
export function nameFault(account: CreditAccountDoc['_id'], fault: AccountFault) {
  return { account: idText(account), ...fault };
}
