import { config } from '../../../config.ts';
import type { Ctx } from '../../../context.ts';
import type { UUID } from '../../../data/ids.ts';
import { findOne, WHOLE } from '../../../data/read.ts';
import { transaction } from '../../../data/transaction.ts';
import { update } from '../../../data/write.ts';
import { Subscription, type SubscriptionDoc } from '../../../models/billing/subscription.ts';
import { AllowanceCounter } from '../../../models/metering/allowance-counter.ts';
import { renewCounter } from '../../metering/allowances/counter.ts';
import { findChange, type Values } from '../find-change.ts';
import { bookInvoices } from './book-invoices.ts';
import { fetchSubscription, type SubscriptionFacts } from './facts.ts';
import { findPaidPeriod } from './periods.ts';

const DAY = 24 * 3600_000;
/** How often it looks again at what changes while it looks. */
const LOOKS = 10;

/**
 * Brings a subscription, its payments, and the plan of its account to what Stripe says now. Unlike a payment's
 * facts its state goes to and fro: so it looks again after it has written, and an answer that was overtaken
 * by another one does not stay.
 */
export async function settleSubscription(ctx: Ctx, _id: UUID): Promise<void> {
  for (let looks = 0; looks < LOOKS; looks++) {
    const subscription = await findOne(ctx, Subscription, { _id }, WHOLE);
    const facts = subscription && (await fetchSubscription(subscription));
    if (!facts) return;
    await bookInvoices(ctx, subscription, facts.invoices);
    if (!(await storeFacts(ctx, subscription, facts))) return;
  }
  throw new Error('A subscription kept changing.');
}

/** Returns whether anything was written. */
async function storeFacts(
  ctx: Ctx,
  subscription: SubscriptionDoc,
  facts: SubscriptionFacts,
): Promise<boolean> {
  const values = describeFacts(ctx, subscription, facts);
  const change = findChange(subscription, values);
  if (!change) return false;
  const { _id, user, version } = subscription;
  const wasEntitled = subscription.isEntitled;
  const changesPlan = wasEntitled !== values.isEntitled || (wasEntitled && 'plan' in change.set);
  if (changesPlan) await renewCounter(ctx, user);
  await transaction({ ...ctx, promisedId: undefined }, async (tx) => {
    // What another job has written meanwhile is looked at anew.
    const written = await update(tx, Subscription, { _id, version }, change, 'settle');
    if (!written || !changesPlan) return;
    const plan = values.plan as string;
    await AllowanceCounter.collection.updateOne(
      { _id: user },
      values.isEntitled ? { $set: { paidPlan: plan } } : { $unset: { paidPlan: '' } },
      { ...(tx.session && { session: tx.session }) },
    );
  });
  return true;
}

function describeFacts(ctx: Ctx, known: SubscriptionDoc, facts: SubscriptionFacts): Values {
  const { status, providerId, nextPlan, unpaidSince, cancelAtPeriodEnd, invoices } = facts;
  const paid = findPaidPeriod(invoices);
  const plan = paid?.plan ?? known.plan;
  const isOver = status === 'CANCELLED';
  const graceUntil =
    status === 'PAST_DUE' && unpaidSince
      ? new Date(unpaidSince.getTime() + config.graceDays * DAY)
      : undefined;
  const isInGrace = graceUntil !== undefined && ctx.clock() < graceUntil.getTime();
  return {
    ...{ status, plan, cancelAtPeriodEnd, graceUntil },
    ...(providerId && { providerId }),
    error: facts.error,
    nextPlan: isOver || nextPlan === plan ? undefined : nextPlan,
    ...(paid && { periodStart: paid.start, periodEnd: paid.end }),
    // While the first debit of a bank account is on its way, it is active, and nothing is paid.
    isEntitled: paid !== undefined && (status === 'ACTIVE' || isInGrace),
    isOpen: isOver ? undefined : true,
    endedAt: isOver ? (known.endedAt ?? new Date(ctx.clock())) : undefined,
  };
}
