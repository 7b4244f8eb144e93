import type { Ctx } from '../../context.ts';
import { idText } from '../../data/ids.ts';
import { findMany, WHOLE } from '../../data/read.ts';
import { insert, update } from '../../data/write.ts';
import { CreditAccount } from '../../models/billing/credit-account.ts';
import { Dispute, type DisputeDoc } from '../../models/billing/dispute.ts';
import { Payment, type PaymentDoc } from '../../models/billing/payment.ts';
import type { DisputeFact } from './facts.ts';

const MOST = 1000;

/**
 * Notes the disputes of a payment as they are now, and freezes the account while one is open. What changes is a
 * change of the payment, too: whoever has read that before looks at it anew.
 * @returns whether anything has changed
 */
export async function noteDisputes(
  tx: Ctx,
  payment: PaymentDoc,
  found: DisputeFact[],
): Promise<boolean> {
  if (found.length === 0) return false;
  const { _id, user } = payment;
  const known = await findMany(tx, Dispute, { payment: _id }, { ...WHOLE, limit: MOST });
  const byId = new Map(known.map((one) => [one.providerId, one]));
  const changed = found.filter((fact) => differs(byId.get(fact.providerId), fact));
  if (changed.length === 0) return false;
  // First of all: two transactions that close a dispute each must not both see the other's as open.
  await touch(tx, CreditAccount, user);
  await touch(tx, Payment, _id);
  for (const fact of changed) await note(tx, payment, fact, byId.has(fact.providerId));
  await freeze(tx, payment);
  return true;
}

/** An inquiry is no dispute, unless it was taken for one. */
function differs(
  known: DisputeDoc | undefined,
  { status, amount, isInquiry }: DisputeFact,
): boolean {
  if (!known) return !isInquiry;
  return known.status !== status || known.amount !== amount;
}

async function touch(
  tx: Ctx,
  { collection }: typeof CreditAccount | typeof Payment,
  _id: PaymentDoc['_id'],
): Promise<void> {
  const session = tx.session as NonNullable<Ctx['session']>;
  await collection.updateOne({ _id }, { $inc: { version: 1 } }, { session });
}

async function note(
  tx: Ctx,
  { _id: payment, user }: PaymentDoc,
  { providerId, amount, status, openedAt, unknownStatus }: DisputeFact,
  isKnown: boolean,
): Promise<void> {
  if (unknownStatus) {
    // As long as it is open nothing is lost: nothing is spent, and nothing was taken.
    const about = { payment: idText(payment), status: unknownStatus };
    tx.log.error('A dispute has a status that is not known here; it is taken as open.', about);
  }
  const isOpen = status === 'OPEN';
  const set = { amount, status, ...(!isOpen && { closedAt: new Date(tx.clock()) }) };
  const unset = isOpen ? ['closedAt'] : [];
  if (isKnown) await update(tx, Dispute, { providerId }, { set, unset }, 'settle');
  else await insert(tx, Dispute, { ...set, providerId, openedAt, payment, user });
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
