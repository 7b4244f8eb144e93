import type Stripe from 'stripe';
import type { Ctx } from '../../context.ts';
import { parseId } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { transaction } from '../../data/transaction.ts';
import { insert } from '../../data/write.ts';
import { AppError } from '../../errors.ts';
import { WebhookEvent } from '../../models/webhooks/webhook-event.ts';
import { enqueue, ringJobs } from '../jobs/queue.ts';
import { handleStripeEvent } from './event-job.ts';
import { readId } from './read-id.ts';

/** Longer than Stripe's own list of events reaches back, which is 30 days. */
const KEPT = 60 * 24 * 3600_000;

/** The types that change something here; Stripe's list is asked for these, too. */
export const EVENT_TYPES = [
  ...(['checkout.session.completed', 'checkout.session.expired'] as const),
  ...([
    'checkout.session.async_payment_succeeded',
    'checkout.session.async_payment_failed',
  ] as const),
  ...(['payment_intent.succeeded', 'payment_intent.payment_failed'] as const),
  ...(['payment_intent.requires_action', 'payment_intent.canceled'] as const),
  ...(['charge.refunded', 'refund.created', 'refund.updated', 'refund.failed'] as const),
  ...(['charge.dispute.created', 'charge.dispute.updated', 'charge.dispute.closed'] as const),
  ...(['setup_intent.succeeded', 'payment_method.attached', 'payment_method.detached'] as const),
  ...(['payment_method.updated', 'payment_method.automatically_updated'] as const),
  ...(['customer.subscription.created', 'customer.subscription.updated'] as const),
  ...(['customer.deleted'] as const),
  ...(['customer.subscription.deleted', 'invoice.paid', 'invoice.payment_failed'] as const),
];

/**
 * Stores an event once, by its id, with the job that handles it: both, or neither. Of the event itself
 * only ids are kept, for the job asks Stripe what there is.
 * @returns whether it was new
 */
export async function receiveEvent(
  ctx: Ctx,
  event: Stripe.Event,
  origin: 'WEBHOOK' | 'POLL',
): Promise<boolean> {
  if (!(EVENT_TYPES as readonly string[]).includes(event.type)) return false;
  const known = { provider: 'STRIPE', eventId: event.id };
  if (await findOne(ctx, WebhookEvent, known, { projection: { _id: 1 } })) return false;
  try {
    const job = await transaction({ ...ctx, promisedId: undefined }, async (tx) => {
      const values = { ...known, type: event.type, origin, ...readObject(event) };
      const happenedAt = new Date(event.created * 1000);
      const times = { expiresAt: KEPT };
      const stored = await insert(tx, WebhookEvent, { ...values, happenedAt }, 'create', times);
      return enqueue(tx, handleStripeEvent, { input: { event: stored._id } });
    });
    await ringJobs(ctx, job);
    return true;
  } catch (error) {
    // It came twice at once.
    if (error instanceof AppError && error.code === 'DUPLICATE') return false;
    throw error;
  }
}

type Named = {
  id: string;
  object: string;
  payment_intent?: string | { id: string } | null;
  payment_method?: string | { id: string } | null;
  metadata?: Record<string, string> | null;
  /** Of an invoice. */
  parent?: { subscription_details?: { metadata?: Record<string, string> | null } | null } | null;
};

/**
 * What the event is about: a payment by our own mark, else by its PaymentIntent; a subscription by our mark,
 * which its invoices carry, too; or a payment method.
 */
function readObject(event: Stripe.Event) {
  const object = event.data.object as unknown as Named;
  const payment = parseId(object.metadata?.payment);
  const marks = object.parent?.subscription_details?.metadata ?? object.metadata;
  const subscription = parseId(marks?.subscription);
  const intent = object.object === 'payment_intent' ? object.id : readId(object.payment_intent);
  const isSetup = object.object === 'setup_intent';
  return {
    objectId: (isSetup && readId(object.payment_method)) || object.id,
    ...(payment && { payment }),
    ...(subscription && { subscription }),
    ...(intent && { intentId: intent }),
  };
}
