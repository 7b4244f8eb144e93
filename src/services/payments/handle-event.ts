import type { Ctx } from '../../context.ts';
import { parseId, type UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { update } from '../../data/write.ts';
import { Payment } from '../../models/billing/payment.ts';
import { Subscription } from '../../models/billing/subscription.ts';
import { WebhookEvent, type WebhookEventDoc } from '../../models/webhooks/webhook-event.ts';
import type { Work } from '../jobs/job-type.ts';
import { syncCustomer } from './customer-gone.ts';
import { adoptCheckout } from './look-up.ts';
import { syncMethod } from './methods.ts';
import { settlePayment } from './settle.ts';
import { callOrMiss } from './stripe.ts';
import { adoptSubscription } from './subscriptions/adopt.ts';
import { settleSubscription } from './subscriptions/settle.ts';

/** The job: whatever the event says, what it is about is brought to what Stripe says now. */
export async function runEvent({ ctx, input }: Work<{ event: UUID }>): Promise<object> {
  const event = await findOne(ctx, WebhookEvent, { _id: input.event });
  if (!event) return {};
  const payment = await handleEvent(ctx, event);
  const set = { handledAt: new Date(ctx.clock()), ...(payment && { payment }) };
  await update(ctx, WebhookEvent, { _id: event._id }, { set, unset: ['dueAt'] });
  return {};
}

async function handleEvent(ctx: Ctx, event: WebhookEventDoc): Promise<UUID | undefined> {
  if (/^(setup_intent|payment_method)\./.test(event.type)) {
    await syncMethod(ctx, event.objectId);
    return undefined;
  }
  if (event.type === 'customer.deleted') {
    await syncCustomer(ctx, event.objectId);
    return undefined;
  }
  if (event.subscription) {
    await followSubscription(ctx, event.subscription, event);
    return undefined;
  }
  const payment = await findPayment(ctx, event);
  if (!payment) {
    // Another application's that uses the same account at Stripe, or one that was erased here; or of an
    // invoice whose own event is still to come, and tells of everything.
    ctx.log.info('An event is about no payment of ours.', { event: event.eventId });
    return undefined;
  }
  // Our own call may not have returned yet, and never will if it was killed.
  await adoptCheckout(ctx, payment, event);
  await settlePayment(ctx, payment);
  return payment;
}

async function followSubscription(ctx: Ctx, _id: UUID, event: WebhookEventDoc): Promise<void> {
  const known = await findOne(ctx, Subscription, { _id }, { projection: { _id: 1 } });
  if (!known) {
    ctx.log.warn('An event is about no subscription of ours.', { event: event.eventId });
    return;
  }
  await adoptSubscription(ctx, _id, event);
  await settleSubscription(ctx, _id);
}

/** Charges carry the mark of their PaymentIntent; refunds and disputes only name that. */
async function findPayment(ctx: Ctx, event: WebhookEventDoc): Promise<UUID | undefined> {
  const { payment, intentId } = event;
  const only = { projection: { _id: 1 } };
  if (payment) return (await findOne(ctx, Payment, { _id: payment }, only))?._id;
  if (!intentId) return undefined;
  const known = await findOne(ctx, Payment, { intentId }, only);
  if (known) return known._id;
  const marked = await readMark(intentId);
  return marked && (await findOne(ctx, Payment, { _id: marked }, only))?._id;
}

async function readMark(intentId: string): Promise<UUID | undefined> {
  const intent = await callOrMiss((stripe) => stripe.paymentIntents.retrieve(intentId));
  return parseId(intent?.metadata.payment);
}
