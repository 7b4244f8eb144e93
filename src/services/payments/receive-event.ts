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
import { isHandled } from './event-types.ts';
import { readId } from './read-id.ts';

/** Longer than Stripe's own list of events reaches back, which is 30 days. */
const KEPT = 60 * 24 * 3600_000;
/** By then its job has handled it, or used up its tries, in ms. */
const HANDLED = 2 * 3600_000;

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
  if (!isHandled(event.type)) return false;
  const known = { provider: 'STRIPE', eventId: event.id };
  if (await findOne(ctx, WebhookEvent, known, { projection: { _id: 1 } })) return false;
  try {
    const job = await transaction({ ...ctx, promisedId: undefined }, async (tx) => {
      const values = { ...known, type: event.type, origin, ...readObject(event) };
      const happenedAt = new Date(event.created * 1000);
      const times = { expiresAt: KEPT, dueAt: HANDLED };
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
