import type { Ctx } from '../../context.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { findOne, WHOLE } from '../../data/read.ts';
import { Payment, type PaymentDoc } from '../../models/billing/payment.ts';
import type { WebhookEventDoc } from '../../models/webhooks/webhook-event.ts';
import { failUnopened, noteOpened, openOrFail } from './buy.ts';
import { findMade } from './find-made.ts';
import type { Opened } from './open-checkout.ts';
import { settlePayment } from './settle.ts';
import { callStripe, isMissing } from './stripe.ts';

/** For less than the 24 hours for which Stripe knows our key and answers the same, in ms. */
const SAME_ANSWER = 23 * 3600_000;

/**
 * Learns of what Stripe made for a payment whose own call has not told it, from an event about it: what the
 * event names is asked for, and must bear the payment's mark.
 */
export async function adoptCheckout(
  ctx: Ctx,
  _id: UUID,
  { intentId, objectId }: Pick<WebhookEventDoc, 'intentId' | 'objectId'>,
): Promise<void> {
  const payment = await findOne(ctx, Payment, { _id }, WHOLE);
  if (!payment || payment.providerId) return;
  const providerId =
    payment.flow === 'CHECKOUT'
      ? await findSession(payment, objectId, intentId ?? undefined)
      : await findIntent(payment, intentId ?? undefined);
  if (providerId) await noteOpened(ctx, payment, { providerId, checkout: {} });
}

/**
 * Finds the outcome of a call that opened a payment and never returned. Within a day Stripe answers the same
 * call with what it made then; later its lists are read. What Stripe has never heard of has failed.
 */
export async function lookUpPayment(ctx: Ctx, payment: PaymentDoc): Promise<void> {
  const age = ctx.clock() - payment.createdAt.getTime();
  const opened =
    age < SAME_ANSWER ? await openOrFail(ctx, payment) : await findOrFail(ctx, payment);
  if (!opened) return;
  await noteOpened(ctx, payment, opened);
  await settlePayment(ctx, payment._id);
}

async function findOrFail(ctx: Ctx, payment: PaymentDoc): Promise<Opened | undefined> {
  const made = await findMade(ctx, payment);
  if (made) return made;
  const message = 'The payment provider never heard of it.';
  await failUnopened(ctx, payment, { code: 'NOT_OPENED', message });
  return undefined;
}

async function findSession(
  payment: PaymentDoc,
  objectId: string,
  intent: string | undefined,
): Promise<string | undefined> {
  const isSession = objectId.startsWith('cs_');
  if (!isSession && !intent) return undefined;
  try {
    const session = isSession
      ? await callStripe((stripe) => stripe.checkout.sessions.retrieve(objectId))
      : await callStripe(async (stripe) => {
          const of = { payment_intent: intent as string, limit: 1 };
          return (await stripe.checkout.sessions.list(of)).data[0];
        });
    return session?.metadata?.payment === idText(payment._id) ? session.id : undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function findIntent(
  payment: PaymentDoc,
  intentId: string | undefined,
): Promise<string | undefined> {
  if (!intentId) return undefined;
  const intent = await callStripe((stripe) => stripe.paymentIntents.retrieve(intentId));
  return intent.metadata.payment === idText(payment._id) ? intent.id : undefined;
}
