import type { Ctx } from '../../context.ts';
import { idText, parseId } from '../../data/ids.ts';
import { findMany, WHOLE } from '../../data/read.ts';
import { Payment, type PaymentDoc } from '../../models/billing/payment.ts';
import { Subscription } from '../../models/billing/subscription.ts';
import { type Difference, nameUnbooked, nameUnknown } from './compare.ts';
import { type Period, toCreated } from './period.ts';
import { callStripe, isMissing } from './stripe.ts';

const PAGE = 100;

/** Asks Stripe one by one for the payments that were in none of its pages: they may be of the day before. */
export async function findUnseen(
  ctx: Ctx,
  { from, to }: Period,
  seen: ReadonlyMap<string, string>,
  differences: Difference[],
): Promise<number> {
  const known = new Set<string>(seen.keys());
  const before = known.size;
  let since = from;
  let count = 0;
  for (;;) {
    const completedAt = { $gte: since, $lt: to };
    const sort = { completedAt: 1 } as const;
    const options = { ...WHOLE, sort, limit: PAGE };
    const page: PaymentDoc[] = await findMany(ctx, Payment, { completedAt }, options);
    for (const payment of page.filter(({ _id }) => !known.has(idText(_id)))) {
      known.add(idText(payment._id)); // a page begins with what ended the one before
      count++;
      if (!(await isPaidAtStripe(payment))) differences.push(nameUnknown(payment));
    }
    const last = page.at(-1)?.completedAt;
    if (page.length < PAGE || !last) return before + count;
    since = last > since ? last : new Date(since.getTime() + 1);
  }
}

async function isPaidAtStripe({ intentId, flow, providerId }: PaymentDoc): Promise<boolean> {
  try {
    if (!intentId && flow === 'SUBSCRIPTION' && providerId) {
      // What a discount or a balance has paid has no charge.
      const invoice = await callStripe((stripe) => stripe.invoices.retrieve(providerId));
      return invoice.status === 'paid';
    }
    if (!intentId) return false;
    const intent = await callStripe((stripe) => stripe.paymentIntents.retrieve(intentId));
    return intent.status === 'succeeded';
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Finds paid invoices of our subscriptions that are no payments here: their charges bear no mark. */
export async function findUnbooked(ctx: Ctx, period: Period): Promise<Difference[]> {
  const created = toCreated(period);
  const differences: Difference[] = [];
  let after: string | undefined;
  do {
    const page = await callStripe((stripe) =>
      stripe.invoices.list({
        ...{ created, status: 'paid', limit: PAGE },
        ...(after && { starting_after: after }),
      }),
    );
    const marked = page.data.flatMap(({ id, parent }) => {
      const subscription = parseId(parent?.subscription_details?.metadata?.subscription);
      return id && subscription ? [{ id, subscription }] : [];
    });
    const _id = { $in: marked.map(({ subscription }) => subscription) };
    const providerId = { $in: marked.map(({ id }) => id) };
    const only = { limit: PAGE };
    const [ours, booked] = await Promise.all([
      findMany(ctx, Subscription, { _id }, { ...only, projection: { _id: 1 } }),
      findMany(
        ctx,
        Payment,
        { provider: 'STRIPE', providerId },
        { ...only, projection: { providerId: 1 } },
      ),
    ]);
    const isOurs = new Set(ours.map((one) => idText(one._id)));
    const isBooked = new Set(booked.map((one) => one.providerId));
    for (const { id, subscription } of marked) {
      if (!isOurs.has(idText(subscription)) || isBooked.has(id)) continue;
      differences.push(nameUnbooked(id, idText(subscription)));
    }
    after = page.has_more ? page.data.at(-1)?.id : undefined;
  } while (after);
  return differences;
}
