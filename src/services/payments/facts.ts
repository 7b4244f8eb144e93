import type Stripe from 'stripe';
import type { DisputeDoc } from '../../models/billing/dispute.ts';
import type { PaymentDoc } from '../../models/billing/payment.ts';
import { fromStripeAmount } from './currency.ts';
import { callStripe } from './stripe.ts';
import { readInvoice } from './subscriptions/facts.ts';

/** What Stripe says of a payment at this moment. Events only say that it is worth asking. */
export interface PaymentFacts {
  intentId?: string;
  state: 'PENDING' | 'FAILED' | 'PAID';
  /** Why it failed, or what it waits for. */
  error?: { code: string; message: string };
  /** What was paid, in minor units. */
  received?: { amount: number; currency: string };
  receiptUrl?: string;
  invoiceUrl?: string;
  /** What was refunded, in minor units, but for refunds that have failed or were canceled. */
  refunded: number;
  disputes: DisputeFact[];
}

export interface DisputeFact {
  providerId: string;
  amount: number;
  status: DisputeDoc['status'];
  openedAt: Date;
  /** What Stripe calls its status, where that is none of those that are known here. */
  unknownStatus?: string;
  /** Whether the bank only inquires, which takes nothing. What becomes a dispute goes on under its id. */
  isInquiry?: true;
}

const NOTHING_BACK = { refunded: 0, disputes: [] };

/** What banks took back, in minor units. */
export function sumLost(disputes: Pick<DisputeFact, 'amount' | 'status'>[]): number {
  const lost = disputes.filter(({ status }) => status === 'LOST');
  return lost.reduce((sum, { amount }) => sum + amount, 0);
}

type Intent = Stripe.PaymentIntent;
type Session = Stripe.Checkout.Session;
type State = Pick<PaymentFacts, 'state' | 'error'>;

/** Asks Stripe about a payment whose id there is known. */
export async function fetchFacts(
  payment: Pick<PaymentDoc, 'flow'> & { providerId: string },
): Promise<PaymentFacts> {
  const { flow, providerId } = payment;
  if (flow === 'SUBSCRIPTION') return fetchInvoiceFacts(providerId);
  if (flow !== 'CHECKOUT') {
    const intent = await callStripe((stripe) =>
      stripe.paymentIntents.retrieve(providerId, { expand: ['latest_charge'] }),
    );
    return { ...readIntent(intent), ...(await describe(intent)) };
  }
  const expand = ['payment_intent.latest_charge', 'invoice'];
  const session = await callStripe((stripe) =>
    stripe.checkout.sessions.retrieve(providerId, { expand }),
  );
  const intent = (session.payment_intent ?? undefined) as Intent | undefined;
  const invoice = session.invoice as Stripe.Invoice | null | undefined;
  return {
    ...readSession(session, intent),
    ...(invoice?.hosted_invoice_url && { invoiceUrl: invoice.hosted_invoice_url }),
    ...(intent ? await describe(intent) : NOTHING_BACK),
  };
}

/** An invoice of a subscription: one that a discount or a balance has paid has no PaymentIntent. */
async function fetchInvoiceFacts(id: string): Promise<PaymentFacts> {
  const expand = ['payments'];
  const invoice = await callStripe((stripe) => stripe.invoices.retrieve(id, { expand }));
  const { intentId, amount, currency } = readInvoice(invoice);
  const { hosted_invoice_url: invoiceUrl } = invoice;
  const intent =
    intentId &&
    (await callStripe((stripe) =>
      stripe.paymentIntents.retrieve(intentId, { expand: ['latest_charge'] }),
    ));
  return {
    ...(intent ? await describe(intent) : NOTHING_BACK),
    state: invoice.status === 'paid' ? 'PAID' : 'PENDING',
    received: { amount, currency },
    ...(invoiceUrl && { invoiceUrl }),
  };
}

function readSession({ status, payment_status }: Session, intent: Intent | undefined): State {
  if (status === 'expired') {
    const message = 'It was not paid in time.';
    return { state: 'FAILED', error: { code: 'EXPIRED', message } };
  }
  if (status === 'open' || !intent) return { ...(intent && readIntent(intent)), state: 'PENDING' };
  if (payment_status === 'paid') return { state: 'PAID' };
  // It was completed by a method that takes days, such as a debit of a bank account.
  const found = readIntent(intent);
  const isRefused = intent.status === 'requires_payment_method' || intent.status === 'canceled';
  return isRefused ? { ...found, state: 'FAILED' } : found;
}

function readIntent(intent: Intent): State {
  const { status, last_payment_error: failure } = intent;
  if (status === 'succeeded') return { state: 'PAID' };
  if (status === 'canceled') {
    const message = 'It was canceled before it was paid.';
    return { state: 'FAILED', error: { code: 'CANCELED', message } };
  }
  const isAsked = failure?.code === 'authentication_required' || status === 'requires_action';
  if (isAsked) {
    const message = "The card's bank wants its holder to confirm: go on by the payment's checkout.";
    return { state: 'PENDING', error: { code: 'AUTHENTICATION_REQUIRED', message } };
  }
  if (!failure) return { state: 'PENDING' };
  const code = (failure.decline_code ?? failure.code ?? 'declined').toUpperCase().slice(0, 64);
  const message = (failure.message ?? 'The payment was declined.').slice(0, 1000);
  return { state: 'PENDING', error: { code, message } };
}

async function describe(intent: Intent): Promise<Omit<PaymentFacts, keyof State>> {
  const { id, currency, status, amount_received } = intent;
  const charge = intent.latest_charge as Stripe.Charge | null;
  const isPaid = status === 'succeeded';
  return {
    intentId: id,
    ...(isPaid && {
      received: {
        amount: fromStripeAmount(amount_received, currency),
        currency: currency.toUpperCase(),
      },
    }),
    ...(charge?.receipt_url && { receiptUrl: charge.receipt_url }),
    ...(isPaid ? await fetchReversals(id) : NOTHING_BACK),
  };
}

/** Money that went back, or is about to. */
async function fetchReversals(
  payment_intent: string,
): Promise<Pick<PaymentFacts, 'refunded' | 'disputes'>> {
  const of = { payment_intent, limit: 100 };
  const [refunds, disputes] = await Promise.all([
    callStripe((stripe) => stripe.refunds.list(of).autoPagingToArray({ limit: 1000 })),
    callStripe((stripe) => stripe.disputes.list(of).autoPagingToArray({ limit: 1000 })),
  ]);
  const active = refunds.filter(({ status }) => status !== 'failed' && status !== 'canceled');
  const amounts = active.map(({ amount, currency }) => fromStripeAmount(amount, currency));
  return {
    refunded: amounts.reduce((sum, amount) => sum + amount, 0),
    disputes: readDisputes(disputes),
  };
}

export function readDisputes(disputes: Stripe.Dispute[]): DisputeFact[] {
  return disputes.map(readDispute);
}

function readDispute(dispute: Stripe.Dispute): DisputeFact {
  const { id, amount, currency, created, status } = dispute;
  const known = readStatus(dispute);
  return {
    providerId: id,
    amount: fromStripeAmount(amount, currency),
    status: known ?? 'OPEN',
    openedAt: new Date(created * 1000),
    ...(!known && { unknownStatus: status }),
    ...(status.startsWith('warning_') && { isInquiry: true as const }),
  };
}

/** A decision may be appealed against, by either side: then it is open again. */
function readStatus({
  status,
  balance_transactions,
}: Stripe.Dispute): DisputeFact['status'] | undefined {
  switch (status) {
    case 'won':
    case 'warning_needs_response':
    case 'warning_under_review':
    case 'warning_closed':
      return 'WON';
    case 'lost':
      return 'LOST';
    case 'needs_response':
    case 'under_review':
    case 'appeal_needs_response':
    case 'appeal_under_review':
      return 'OPEN';
    case 'prevented': {
      // By giving the money back at once, or without, where it was refunded before.
      const moved = balance_transactions.reduce((sum, { amount: by }) => sum + by, 0);
      return moved < 0 ? 'LOST' : 'WON';
    }
    default:
      return undefined;
  }
}
