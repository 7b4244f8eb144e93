import { idText, type UUID } from '../../data/ids.ts';
import { CreditHold, type CreditHoldDoc } from '../../models/billing/credit-hold.ts';
import { CreditsTransaction } from '../../models/billing/credits-transaction.ts';
import { Job, OPEN_STATUSES } from '../../models/jobs/job.ts';
import { BATCH } from './side-by-side.ts';
import type { LedgerFault } from './verify.ts';

/**
 * Verifies what is held: for work that goes on; and what was captured was spent, once, for work that was completed.
 * Ends at the first fault.
 */
export async function verifyHolds(): Promise<LedgerFault | undefined> {
  return (await findLoose()) ?? (await findUnspent()) ?? (await findUnheld());
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
    const unfinished = await findUnfinished(holds);
    for (const { _id, account, amount, job } of holds) {
      const fail = (message: string) => ({ account: idText(account), message });
      const cost = spent.get(`hold:${idText(_id)}`);
      if (cost === undefined || cost <= 0 || cost > amount)
        return fail(`Of hold ${idText(_id)} of ${amount} the ledger says ${cost ?? 'nothing'}.`);
      if (unfinished.has(idText(job)))
        return fail(`Job ${idText(job)} was paid for, and has not been completed.`);
    }
  }
  return undefined;
}

/** A completed job stays so; one that is gone by now was. */
async function findUnfinished(holds: CreditHoldDoc[]): Promise<Set<string>> {
  const others = { _id: { $in: holds.map(({ job }) => job) }, status: { $ne: 'COMPLETED' } };
  const found = await Job.collection.find(others, { projection: { _id: 1 } }).toArray();
  return new Set(found.map(({ _id }) => idText(_id)));
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
