import { idText, type UUID } from '../../data/ids.ts';
import {
  CreditsTransaction,
  type CreditsTransactionDoc,
} from '../../models/billing/credits-transaction.ts';
import { Payment, type PaymentDoc } from '../../models/billing/payment.ts';
import { countBought } from './bought.ts';
import { BATCH, closeSides, openSide, type Side } from './side-by-side.ts';
import type { LedgerFault } from './verify.ts';

type Entry = Pick<
  CreditsTransactionDoc,
  '_id' | 'account' | 'type' | 'cause' | 'amount' | 'sequence' | 'payment'
>;

const FIELDS = { account: 1, type: 1, cause: 1, amount: 1, sequence: 1, payment: 1 } as const;
const TRIES = 5;

/**
 * Verifies that payments and the ledger agree: credits were bought by what was paid, once and as many as it says,
 * to the account of who paid; and what went back to the payer took its part of them. Ends at the first fault.
 */
export async function verifyPayments(): Promise<LedgerFault | undefined> {
  const entries = openEntries();
  try {
    return await readPayments(entries);
  } finally {
    await closeSides({ entries });
  }
}

async function readPayments(side: Side<Entry>): Promise<LedgerFault | undefined> {
  const payments = Payment.collection.find<PaymentDoc>({}).sort({ _id: 1 }).batchSize(BATCH);
  for await (const payment of payments) {
    const { _id } = payment;
    const stray = await findStray(side, _id);
    if (stray) return stray;
    const entries: Entry[] = [];
    await side.take(_id, (entry) => entries.push(entry));
    const fault = findFault(payment, entries) && (await verifyPayment(_id));
    if (fault) return fault;
  }
  return findStray(side);
}

function openEntries(): Side<Entry> {
  const entries = CreditsTransaction.collection
    .find<Entry>({ payment: { $exists: true } }, { projection: FIELDS })
    .sort({ payment: 1 })
    .hint({ payment: 1 })
    .batchSize(BATCH);
  return openSide(entries, 'payment');
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
    const entries = await CreditsTransaction.collection
      .find<Entry>({ payment: _id }, { projection: FIELDS })
      .toArray();
    const [first] = entries;
    if (!payment) {
      const message = `Entry ${first?.sequence} is of payment ${idText(_id)}, which is not there.`;
      return first && { account: idText(first.account), sequence: first.sequence, message };
    }
    const fault = findFault(payment, entries);
    if (!fault || tries === TRIES) return fault;
    const now = await Payment.collection.findOne<PaymentDoc>({ _id });
    if (now?.version === payment.version) return fault;
  }
}

function findFault(payment: PaymentDoc, all: Entry[]): LedgerFault | undefined {
  const { user, credits, completedAt, refundedAmount } = payment;
  // What was lent when it was taken back is not of the payment.
  const entries = all.filter(({ cause }) => cause !== 'DEBT');
  const name = `payment ${idText(payment._id)}`;
  const fail = (message: string) => ({ account: idText(user), message });
  const foreign = entries.find(({ account }) => !account.equals(user));
  if (foreign) return fail(`Entry ${foreign.sequence} of another account is of ${name}.`);
  const bought = addUp(entries.filter(({ type }) => type === 'PURCHASE'));
  const due = completedAt ? credits : 0;
  if (bought !== due) return fail(`Of ${name}, for ${due} credits, the ledger has ${bought}.`);
  const back = -addUp(entries.filter(({ type }) => type !== 'PURCHASE'));
  const dueBack = completedAt ? countBought(payment, refundedAmount) : 0;
  if (back === dueBack) return undefined;
  return fail(`Of ${name} ${dueBack} credits went back; the ledger has taken ${back}.`);
}

function addUp(entries: Entry[]): number {
  return entries.reduce((sum, { amount }) => sum + amount, 0);
}
