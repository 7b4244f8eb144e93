import type { Ctx } from '../../context.ts';
import { findOne } from '../../data/read.ts';
import {
  CreditsTransaction,
  type CreditsTransactionDoc,
} from '../../models/billing/credits-transaction.ts';
import { findAccount, SYSTEM_ACCOUNTS } from './accounts.ts';
import { type NewEntry, postEntry } from './ledger.ts';

/**
 * Takes credits back that may have been spent: what is not there any more is lent first, and stays as a
 * debt, which `postEntry` pays out of the next credits that come.
 */
export async function takeBack(tx: Ctx, entry: NewEntry): Promise<CreditsTransactionDoc> {
  const before = await findOne(tx, CreditsTransaction, { key: entry.key });
  if (before) return before;
  const available = (await findAccount(tx, entry.account))?.available ?? 0;
  const missing = Math.max(0, -entry.amount - available);
  if (missing > 0) {
    const { account, payment } = entry;
    await postEntry(tx, {
      ...{ account, type: 'REFUND', cause: 'DEBT', amount: missing, key: `debt:${entry.key}` },
      ...{ against: SYSTEM_ACCOUNTS.DEBT, ...(payment && { payment }) },
    });
  }
  return postEntry(tx, entry);
}
