import type Stripe from 'stripe';
import type { Ctx } from '../../context.ts';
import { idText } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { Payment, type PaymentDoc } from '../../models/billing/payment.ts';
import { PaymentMethod } from '../../models/billing/payment-method.ts';
import { describePage } from './checkout-page.ts';
import { toStripeAmount } from './currency.ts';
import { callForCustomer } from './customer.ts';
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
  const params = describeSession(payment, customer);
  const { id, url } = await makeOnce(ctx, placeOf(payment), {
    name: makeKey(payment),
    create: (idempotencyKey) =>
      callStripe((stripe) => stripe.checkout.sessions.create(params, { idempotencyKey })),
    find: () => searchSessions(describeSought(payment, customer)),
  });
  return { providerId: id, checkout: url ? { url } : {} };
}

function describeSession(
  { _id, currency, credits, amount }: PaymentDoc,
  customer: string,
): Stripe.Checkout.SessionCreateParams {
  const id = idText(_id);
  const metadata = { payment: id };
  return {
    mode: 'payment',
    ...describePage(customer, { folder: 'payments', id }),
    line_items: [
      {
        quantity: 1,
        price_data: {
          currency: currency.toLowerCase(),
          unit_amount: toStripeAmount(amount, currency),
          product_data: { name: `${credits} credits` },
        },
      },
    ],
    metadata,
    // The session's own are not copied: charges, refunds and disputes carry these.
    payment_intent_data: { metadata },
    // Stripe writes the invoice, with the number for VAT that the payer gives.
    invoice_creation: { enabled: true },
    saved_payment_method_options: { payment_method_save: 'enabled' },
  };
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

function describeIntent({ id, client_secret, status }: Stripe.PaymentIntent): Opened {
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

function describeSought({ _id, createdAt }: PaymentDoc, customer: string) {
  return { customer, since: createdAt, mark: { name: 'payment' as const, id: idText(_id) } };
}

function makeKey({ _id }: PaymentDoc): string {
  return `payment-${idText(_id)}`;
}
