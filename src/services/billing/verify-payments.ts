import { idText, type UUID } from '../../data/ids.ts';
import {
  CreditsTransaction,
  type CreditsTransactionDoc,
} from '../../models/billing/credits-transaction.ts';
import { Dispute, type DisputeDoc } from '../../models/billing/dispute.ts';
import { Payment, type PaymentDoc } from '../../models/billing/payment.ts';
import { BATCH, closeSides, openSide, type Side } from './side-by-side.ts';
import type { LedgerFault } from './verify.ts';

type Entry = Pick<
  CreditsTransactionDoc,
  '_id' | 'account' | 'type' | 'cause' | 'amount' | 'sequence' | 'payment'
>;
type Lost = Pick<DisputeDoc, 'payment' | 'amount' | 'status'>;

/** What the ledger, and the disputes, say of a payment. */
interface Booked {
  entries: Entry[];
  lost: Lost[];
}

const FIELDS = { account: 1, type: 1, cause: 1, amount: 1, sequence: 1, payment: 1 } as const;
const TRIES = 5;

/**
 * Verifies that payments and the ledger agree: credits were bought by what was paid, once and as many as it says,
 * to the account of who paid; and what went back to the payer took its part of them. Ends at the first fault.
 */
export async function verifyPayments(): Promise<LedgerFault | undefined> {
  const sides = openSides();
  try {
    return await readPayments(sides);
  } finally {
    await closeSides(sides);
  }
}

interface Sides {
  entries: Side<Entry>;
  lost: Side<Lost>;
}

async function readPayments(sides: Sides): Promise<LedgerFault | undefined> {
  const payments = Payment.collection.find<PaymentDoc>({}).sort({ _id: 1 }).batchSize(BATCH);
  for await (const payment of payments) {
    const { _id } = payment;
    const stray = await findStray(sides.entries, _id);
    if (stray) return stray;
    const booked: Booked = { entries: [], lost: [] };
    await sides.entries.take(_id, (entry) => booked.entries.push(entry));
    await sides.lost.take(_id, (dispute) => booked.lost.push(dispute));
    const fault = findFault(payment, booked) && (await verifyPayment(_id));
    if (fault) return fault;
  }
  return findStray(sides.entries);
}

function openSides(): Sides {
  const entries = CreditsTransaction.collection
    .find<Entry>({ payment: { $exists: true } }, { projection: FIELDS })
    .sort({ payment: 1 })
    .hint({ payment: 1 })
    .batchSize(BATCH);
  const lost = Dispute.collection
    .find<Lost>({ status: 'LOST' }, { projection: { payment: 1, amount: 1, status: 1 } })
    .sort({ payment: 1 })
    .hint({ payment: 1 })
    .batchSize(BATCH);
  return { entries: openSide(entries, 'payment'), lost: openSide(lost, 'payment') };
}

/** Finds an entry of a payment that is not there, before this one or after all of them. */
async function findStray(entries: Side<Entry>, before?: UUID): Promise<LedgerFault | undefined> {
  for (let id = await entries.before(before); id; id = await entries.before(before)) {
    // It may have come while the others were read.
    const fault = await verifyPayment(id);
    if (fault) return fault;
    await entries.take(id, () => undefined);
  }
  return undefined;
}

/** Verifies one payment by itself; once more where it has changed meanwhile, and something seemed wrong for that. */
async function verifyPayment(_id: UUID): Promise<LedgerFault | undefined> {
  for (let tries = 1; ; tries++) {
    const payment = await Payment.collection.findOne<PaymentDoc>({ _id });
    const [entries, lost] = await Promise.all([
      CreditsTransaction.collection.find<Entry>({ payment: _id }, { projection: FIELDS }).toArray(),
      Dispute.collection.find<Lost>({ payment: _id, status: 'LOST' }).toArray(),
    ]);
    const [first] = entries;
    if (!payment) {
      const message = `Entry ${first?.sequence} is of payment ${idText(_id)}, which is not there.`;
      return first && { account: idText(first.account), sequence: first.sequence, message };
    }
    const fault = findFault(payment, { entries, lost });
    if (!fault || tries === TRIES) return fault;
    const now = await Payment.collection.findOne<PaymentDoc>({ _id });
    if (now?.version === payment.version) return fault;
  }
}

function findFault(payment: PaymentDoc, booked: Booked): LedgerFault | undefined {
  const { user, credits, completedAt } = payment;
  // What was lent when it was taken back is not of the payment.
  const entries = booked.entries.filter(({ cause }) => cause !== 'DEBT');
  const name = `payment ${idText(payment._id)}`;
  const fail = (message: string) => ({ account: idText(user), message });
  const foreign = entries.find(({ account }) => !account.equals(user));
  if (foreign) return fail(`Entry ${foreign.sequence} of another account is of ${name}.`);
  const bought = addUp(entries.filter(({ type }) => type === 'PURCHASE'));
  const due = completedAt ? credits : 0;
  if (bought !== due) return fail(`Of ${name}, for ${due} credits, the ledger has ${bought}.`);
  const back = -addUp(entries.filter(({ type }) => type !== 'PURCHASE'));
  const dueBack = completedAt ? countBack(payment, booked.lost) : 0;
  if (back === dueBack) return undefined;
  return fail(`Of ${name} ${dueBack} credits went back; the ledger has taken ${back}.`);
}

function addUp(entries: Entry[]): number {
  return entries.reduce((sum, { amount }) => sum + amount, 0);
}

/** The credits of what went back to the payer: of all the money all, of parts as many as each has bought. */
function countBack({ amount, credits, refunds }: PaymentDoc, lost: Lost[]): number {
  const parts = [...(refunds ?? []).filter(({ isActive }) => isActive), ...lost].map(
    (one) => one.amount,
  );
  const back = parts.reduce((sum, part) => sum + part, 0);
  if (back === 0) return 0;
  if (back >= amount) return credits;
  return parts.reduce((sum, part) => sum + Math.floor((credits * part) / amount), 0);
}
