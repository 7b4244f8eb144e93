import type { Ctx } from '../../../context.ts';
import { idText, type UUID } from '../../../data/ids.ts';
import { findOne, WHOLE } from '../../../data/read.ts';
import { update } from '../../../data/write.ts';
import { Subscription, type SubscriptionDoc } from '../../../models/billing/subscription.ts';
import type { WebhookEventDoc } from '../../../models/webhooks/webhook-event.ts';
import { callStripe, isMissing } from '../stripe.ts';

/**
 * Learns of what Stripe made for a subscription whose own call has not told it, from an event about it: what
 * the event names is asked for, and must bear our mark.
 */
export async function adoptSubscription(
  ctx: Ctx,
  _id: UUID,
  { objectId }: Pick<WebhookEventDoc, 'objectId'>,
): Promise<void> {
  const known = await findOne(ctx, Subscription, { _id }, WHOLE);
  if (!known || known.checkoutId || known.providerId) return;
  const [path, marked] = await readObject(objectId);
  if (path && marked === idText(_id)) await note(ctx, known, { [path]: objectId });
}

/** Notes the session by which a subscription began, once. */
export async function noteCheckout(
  ctx: Ctx,
  { _id }: Pick<SubscriptionDoc, '_id'>,
  checkoutId: string,
): Promise<void> {
  await note(ctx, { _id }, { checkoutId });
}

async function note(
  ctx: Ctx,
  { _id }: Pick<SubscriptionDoc, '_id'>,
  set: Record<string, string>,
): Promise<void> {
  const none = { checkoutId: { $exists: false }, providerId: { $exists: false } };
  await update(ctx, Subscription, { _id, ...none }, { set }, 'open');
}

/** Which of our fields names such an object, and the mark on it. Invoices are not asked: others tell the same. */
async function readObject(id: string): Promise<[string | undefined, string | undefined]> {
  try {
    if (id.startsWith('cs_')) {
      const { metadata } = await callStripe((s) => s.checkout.sessions.retrieve(id));
      return ['checkoutId', metadata?.subscription];
    }
    if (id.startsWith('sub_')) {
      const { metadata } = await callStripe((s) => s.subscriptions.retrieve(id));
      return ['providerId', metadata.subscription];
    }
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  return [undefined, undefined];
}
