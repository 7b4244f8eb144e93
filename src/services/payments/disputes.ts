import type { Ctx } from '../../context.ts';
import { findMany, WHOLE } from '../../data/read.ts';
import { insert, update } from '../../data/write.ts';
import { CreditAccount } from '../../models/billing/credit-account.ts';
import { DISPUTE_STATES, Dispute } from '../../models/billing/dispute.ts';
import type { PaymentDoc } from '../../models/billing/payment.ts';
import type { DisputeFact } from './facts.ts';

const MOST = 1000;

/**
 * Notes the disputes of a payment, and freezes the account while one is open. Returns all that are known,
 * each as far as it has come.
 */
export async function noteDisputes(
  tx: Ctx,
  payment: PaymentDoc,
  found: DisputeFact[],
): Promise<DisputeFact[]> {
  const { _id, user } = payment;
  const known = await findMany(tx, Dispute, { payment: _id }, { ...WHOLE, limit: MOST });
  if (known.length === 0 && found.length === 0) return [];
  // First of all: two transactions that close a dispute each must not both see the other's as open.
  await CreditAccount.collection.updateOne(
    { _id: user },
    { $inc: { version: 1 } },
    { session: tx.session as NonNullable<Ctx['session']> },
  );
  const byId = new Map<string, DisputeFact>(known.map((one) => [one.providerId, one]));
  for (const fact of found) {
    const { providerId, amount, status } = fact;
    const before = byId.get(providerId);
    if (before && rank(before.status) >= rank(status)) continue;
    byId.set(providerId, fact);
    const closedAt = status === 'OPEN' ? {} : { closedAt: new Date(tx.clock()) };
    const set = { amount, status, ...closedAt };
    if (before) await update(tx, Dispute, { providerId }, { set }, 'settle');
    else await insert(tx, Dispute, { ...fact, ...set, payment: _id, user });
  }
  await freeze(tx, payment);
  return [...byId.values()];
}

function rank(status: DisputeFact['status']): number {
  return DISPUTE_STATES.indexOf(status);
}

/** Nothing can be spent while any dispute of the account's owner is open. */
async function freeze(tx: Ctx, { user }: PaymentDoc): Promise<void> {
  const open = await findMany(tx, Dispute, { user, status: 'OPEN' }, { limit: 1 });
  const isFrozen = open.length > 0;
  await CreditAccount.collection.updateOne(
    { _id: user, isFrozen: !isFrozen },
    { $set: { isFrozen, updatedAt: new Date(tx.clock()) }, $inc: { version: 1 } },
    { session: tx.session as NonNullable<Ctx['session']> },
  );
}
