import type { UUID } from '../../data/ids.ts';
import { CreditAccount, type CreditAccountDoc } from '../../models/billing/credit-account.ts';
import { CreditHold, type CreditHoldDoc } from '../../models/billing/credit-hold.ts';
import { CreditLot, type CreditLotDoc } from '../../models/billing/credit-lot.ts';
import {
  CreditsTransaction,
  type CreditsTransactionDoc,
} from '../../models/billing/credits-transaction.ts';
import { BATCH, closeSides, openSide, type Side } from './side-by-side.ts';
import {
  beginReading,
  endReading,
  nameFault,
  type Reading,
  readEntry,
  verifyAccount,
} from './verify-account.ts';
import { verifyCorrections } from './verify-corrections.ts';
import { verifyHolds } from './verify-holds.ts';
import { verifyPayments } from './verify-payments.ts';

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

/**
 * Reads the whole ledger and recomputes what is stored: the numbers of the entries, their sums, their hashes, and
 * the balance, the held credits, the lots and the end of the chain of each account; then what holds, corrections
 * and payments have to do with it. Ends at the first fault. It may be written to meanwhile: an account that seems
 * wrong is read again by itself.
 */
export async function verifyLedger(): Promise<LedgerReport> {
  const report: LedgerReport = { accounts: 0, entries: 0 };
  const fault =
    (await verifyAccounts(report)) ??
    (await verifyHolds()) ??
    (await verifyCorrections()) ??
    (await verifyPayments());
  return fault ? { ...report, fault } : report;
}

/** Accounts, entries, holds and lots side by side, each of which is read once, in the order of their accounts. */
interface Sides {
  entries: Side<CreditsTransactionDoc>;
  holds: Side<CreditHoldDoc>;
  lots: Side<CreditLotDoc>;
}

async function verifyAccounts(report: LedgerReport): Promise<LedgerFault | undefined> {
  const sides = openSides();
  try {
    return await readAccounts(sides, report);
  } finally {
    await closeSides(sides);
  }
}

async function readAccounts(sides: Sides, report: LedgerReport): Promise<LedgerFault | undefined> {
  const accounts = CreditAccount.collection
    .find<CreditAccountDoc>({})
    .sort({ _id: 1 })
    .batchSize(BATCH);
  for await (const account of accounts) {
    const stray = await findStray(sides, account._id);
    if (stray) return stray;
    const reading = await readSides(sides, account);
    report.accounts++;
    report.entries += reading.entries;
    const fault = endReading(reading) && (await verifyAccount(account._id));
    if (fault) return nameFault(account._id, fault);
  }
  return findStray(sides);
}

function openSides(): Sides {
  const entries = CreditsTransaction.collection
    .find<CreditsTransactionDoc>({})
    .sort({ account: 1, sequence: 1 })
    .batchSize(BATCH);
  const holds = CreditHold.collection
    .find<CreditHoldDoc>({ state: 'HELD' }, { projection: { account: 1, amount: 1 } })
    .sort({ account: 1 })
    .hint({ account: 1, state: 1 })
    .batchSize(BATCH);
  const lots = CreditLot.collection
    .find<CreditLotDoc>({ remaining: { $gt: 0 } }, { projection: { account: 1, remaining: 1 } })
    .sort({ account: 1, expiresAt: 1 })
    .hint('left')
    .batchSize(BATCH);
  return {
    entries: openSide(entries, 'account'),
    holds: openSide(holds, 'account'),
    lots: openSide(lots, 'account'),
  };
}

async function readSides(sides: Sides, account: CreditAccountDoc): Promise<Reading> {
  const reading = beginReading(account);
  await sides.entries.take(account._id, (entry) => readEntry(reading, entry));
  await sides.holds.take(account._id, ({ amount }) => {
    reading.reserved += amount;
  });
  await sides.lots.take(account._id, ({ remaining }) => {
    reading.inLots += remaining;
  });
  return reading;
}

/** Finds what is of an account that is not there: before this one, or after all of them. */
async function findStray(sides: Sides, account?: UUID): Promise<LedgerFault | undefined> {
  for (const side of Object.values(sides) as Side<unknown>[]) {
    for (let stray = await side.before(account); stray; stray = await side.before(account)) {
      // It may have come while the others were read.
      const fault = await verifyAccount(stray);
      if (fault) return nameFault(stray, fault);
      await side.take(stray, () => undefined);
    }
  }
  return undefined;
}
