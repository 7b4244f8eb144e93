import { idText, type UUID } from '../../data/ids.ts';
import { CreditAccount } from '../../models/billing/credit-account.ts';
import { CreditHold, type CreditHoldDoc } from '../../models/billing/credit-hold.ts';
import { CreditLot } from '../../models/billing/credit-lot.ts';
import { CreditsTransaction } from '../../models/billing/credits-transaction.ts';
import { Job, OPEN_STATUSES } from '../../models/jobs/job.ts';
import type { LedgerFault } from './verify.ts';

const BATCH = 1000;

/**
 * Verifies what surrounds the entries: what is held is held for work that goes on, what was captured was spent,
 * once, and no lot has more than its account. Ends at the first fault.
 */
export async function verifyHolds(): Promise<LedgerFault | undefined> {
  return (
    (await findLoose()) ?? (await findUnspent()) ?? (await findUnheld()) ?? (await findLarge())
  );
}

/** Finds a hold whose job has ended or is gone; twice, since it may have been ending. */
async function findLoose(): Promise<LedgerFault | undefined> {
  for await (const holds of readHolds('HELD')) {
    const open = await findOpen(holds);
    for (const { _id, account, job } of holds) {
      if (open.has(idText(job))) continue;
      const still = { _id, state: 'HELD' };
      if ((await findOpen([{ job }])).size > 0) continue;
      if (!(await CreditHold.collection.findOne(still, { projection: { _id: 1 } }))) continue;
      return {
        account: idText(account),
        message: `It holds credits for job ${idText(job)}, which has ended.`,
      };
    }
  }
  return undefined;
}

async function findOpen(holds: Pick<CreditHoldDoc, 'job'>[]): Promise<Set<string>> {
  const open = { _id: { $in: holds.map(({ job }) => job) }, status: { $in: [...OPEN_STATUSES] } };
  const found = await Job.collection.find(open, { projection: { _id: 1 } }).toArray();
  return new Set(found.map(({ _id }) => idText(_id)));
}

/** Finds a hold that was captured without an entry, or for more than was held. */
async function findUnspent(): Promise<LedgerFault | undefined> {
  for await (const holds of readHolds('CAPTURED')) {
    const keys = holds.map(({ _id }) => `hold:${idText(_id)}`);
    const entries = await CreditsTransaction.collection
      .find({ key: { $in: keys } }, { projection: { key: 1, amount: 1 } })
      .toArray();
    const spent = new Map(entries.map(({ key, amount }) => [key as string, -(amount as number)]));
    for (const { _id, account, amount } of holds) {
      const cost = spent.get(`hold:${idText(_id)}`);
      if (cost !== undefined && cost > 0 && cost <= amount) continue;
      const message = `Of hold ${idText(_id)} of ${amount} the ledger says ${cost ?? 'nothing'}.`;
      return { account: idText(account), message };
    }
  }
  return undefined;
}

/** Finds an entry that spends what was not held, or was released. */
async function findUnheld(): Promise<LedgerFault | undefined> {
  const entries = CreditsTransaction.collection
    .find<{ key: string; account: UUID; sequence: number }>(
      { key: { $gte: 'hold:', $lt: 'hold;' } },
      { projection: { key: 1, account: 1, sequence: 1 } },
    )
    .batchSize(BATCH);
  const captured = await CreditHold.collection.countDocuments({ state: 'CAPTURED' });
  let count = 0;
  for await (const { account, sequence } of entries) {
    if (++count <= captured) continue;
    // Captured since then, or never.
    if (count <= (await CreditHold.collection.countDocuments({ state: 'CAPTURED' }))) continue;
    return {
      account: idText(account),
      sequence,
      message: `Entry ${sequence} spends what is not held.`,
    };
  }
  return undefined;
}

/** Finds an account with less than its lots. */
async function findLarge(): Promise<LedgerFault | undefined> {
  const lots = CreditLot.collection.aggregate<{ _id: UUID; total: number }>([
    { $match: { remaining: { $gt: 0 } } },
    { $group: { _id: '$account', total: { $sum: '$remaining' } } },
  ]);
  for await (const { _id, total } of lots) {
    const account = await CreditAccount.collection.findOne({ _id });
    const balance = account ? (account.available as number) + (account.held as number) : 0;
    if (total <= balance) continue;
    const message = `Its lots have ${total}; its balance is ${balance}.`;
    return { account: idText(_id), message };
  }
  return undefined;
}

async function* readHolds(state: string): AsyncGenerator<CreditHoldDoc[]> {
  const holds = CreditHold.collection
    .find<CreditHoldDoc>({ state })
    .sort({ state: 1, createdAt: 1 })
    .batchSize(BATCH);
  let batch: CreditHoldDoc[] = [];
  for await (const hold of holds) {
    batch.push(hold);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
