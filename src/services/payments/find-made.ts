import type { Ctx } from '../../context.ts';
import type { PaymentDoc } from '../../models/billing/payment.ts';
import { findKnown } from './customer.ts';
import {
  describeIntent,
  describeMark,
  describeSession,
  describeSought,
  type Opened,
} from './open-checkout.ts';
import { searchAllIntents, searchIntents, searchSessions } from './search-lists.ts';

/**
 * Finds what Stripe has made for a payment without asking for it once more: by the mark on it. A PaymentIntent is
 * found, too, where its customer was deleted since, and where the method that it charged is gone. The page of a
 * customer who is gone is not: nobody was told of it, so nobody has paid there.
 */
export async function findMade(ctx: Ctx, payment: PaymentDoc): Promise<Opened | undefined> {
  const customer = await findKnown(ctx, payment.user);
  const sought = customer ? describeSought(payment, customer) : undefined;
  if (payment.flow === 'CHECKOUT') {
    const session = sought && (await searchSessions(sought));
    return session && describeSession(session);
  }
  const listed = sought && (await searchIntents(sought));
  const intent = listed ?? (await searchAllIntents(describeMark(payment)));
  return intent && describeIntent(intent);
}
