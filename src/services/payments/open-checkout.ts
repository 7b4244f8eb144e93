import type Stripe from 'stripe';
import type { Ctx } from '../../context.ts';
import { idText } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { Payment, type PaymentDoc } from '../../models/billing/payment.ts';
import { PaymentMethod } from '../../models/billing/payment-method.ts';
import { toStripeAmount } from './currency.ts';
import { callForCustomer } from './customer.ts';
import { describePurchase } from './describe-purchase.ts';
import { makeOnce } from './make-once.ts';
import { searchIntents, searchSessions } from './search-lists.ts';
import { callStripe, StripeRefusal } from './stripe.ts';

/** What Stripe made for a payment. */
export interface Opened {
  providerId: string;
  intentId?: string;
  /** Where the client goes on; neither is ever stored or logged. */
  checkout: Checkout;
}

export interface Checkout {
  /** The page at which to pay. */
  url?: string;
  /** What Stripe's own library in the client pays with. */
  clientSecret?: string;
}

/**
 * Asks Stripe for what a payment is paid by. Asked again for the same payment, Stripe answers the same: its
 * key is the payment's id.
 * @throws StripeRefusal; AppError UNAVAILABLE where the outcome is unknown
 */
export function openCheckout(ctx: Ctx, payment: PaymentDoc): Promise<Opened> {
  return callForCustomer(ctx, payment.user, async (customer) => {
    if (payment.flow === 'CHECKOUT') return openSession(ctx, payment, customer);
    if (payment.flow === 'OFF_SESSION') return chargeSaved(ctx, payment, customer);
    return describeIntent(await createIntent(ctx, payment, customer, inClient));
  });
}

const inClient = { automatic_payment_methods: { enabled: true } } as const;

async function openSession(ctx: Ctx, payment: PaymentDoc, customer: string): Promise<Opened> {
  const params = describePurchase(payment, customer);
  const session = await makeOnce(ctx, placeOf(payment), {
    name: makeKey(payment),
    create: (idempotencyKey) =>
      callStripe((stripe) => stripe.checkout.sessions.create(params, { idempotencyKey })),
    find: () => searchSessions(describeSought(payment, customer)),
  });
  return describeSession(session);
}

/** Charges a saved method at once, with nobody there: what the bank asks is answered later. */
async function chargeSaved(ctx: Ctx, payment: PaymentDoc, customer: string): Promise<Opened> {
  const { paymentMethod: _id } = payment;
  const options = { projection: { providerId: 1 } };
  const method = _id && (await findOne(ctx, PaymentMethod, { _id }, options));
  if (!method) {
    const message = 'The payment method is gone.';
    throw new StripeRefusal('payment_method_missing', message, { isOfCard: true });
  }
  const how = { payment_method: method.providerId, off_session: true, confirm: true };
  try {
    return describeIntent(await createIntent(ctx, payment, customer, how));
  } catch (error) {
    // The card was refused, or its bank wants to ask the holder: the PaymentIntent stays, and waits.
    if (!(error instanceof StripeRefusal) || !error.intent) throw error;
    const { intent } = error;
    return describeIntent(await callStripe((stripe) => stripe.paymentIntents.retrieve(intent)));
  }
}

function createIntent(
  ctx: Ctx,
  payment: PaymentDoc,
  customer: string,
  how: Partial<Stripe.PaymentIntentCreateParams>,
): Promise<Stripe.PaymentIntent> {
  const { amount, currency } = payment;
  const params = {
    amount: toStripeAmount(amount, currency),
    currency: currency.toLowerCase(),
    metadata: { payment: idText(payment._id) },
    customer,
    ...how,
  };
  return makeOnce(ctx, placeOf(payment), {
    name: makeKey(payment),
    create: (idempotencyKey) =>
      callStripe((stripe) => stripe.paymentIntents.create(params, { idempotencyKey })),
    find: () => searchIntents(describeSought(payment, customer)),
  });
}

/** What a Checkout session is for whoever pays. */
export function describeSession({ id, url }: Stripe.Checkout.Session): Opened {
  return { providerId: id, checkout: url ? { url } : {} };
}

/** What a PaymentIntent is for whoever pays. */
export function describeIntent({ id, client_secret, status }: Stripe.PaymentIntent): Opened {
  const isOpen = status !== 'succeeded' && status !== 'canceled' && client_secret;
  return {
    providerId: id,
    intentId: id,
    checkout: isOpen ? { clientSecret: client_secret } : {},
  };
}

function placeOf({ _id }: PaymentDoc) {
  return { entity: Payment, _id };
}

/** What to look for in Stripe's lists. */
export function describeSought(payment: PaymentDoc, customer: string) {
  return { customer, since: payment.createdAt, mark: describeMark(payment) };
}

/** What all that is made for a payment bears. */
export function describeMark({ _id }: PaymentDoc) {
  return { name: 'payment' as const, id: idText(_id) };
}

function makeKey({ _id }: PaymentDoc): string {
  return `payment-${idText(_id)}`;
}
