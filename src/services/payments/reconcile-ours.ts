import type Stripe from 'stripe';
import type { Ctx } from '../../context.ts';
import { idText, parseId, type UUID } from '../../data/ids.ts';
import { findMany, WHOLE } from '../../data/read.ts';
import { Payment, type PaymentDoc } from '../../models/billing/payment.ts';
import { Subscription } from '../../models/billing/subscription.ts';
import { readCredits } from './booked-credits.ts';
import { compareUncharged, type Difference, nameUnbooked, nameUnknown } from './compare.ts';
import { listPages, PAGE } from './list-pages.ts';
import { type Period, toCreated } from './period.ts';
import { callOrMiss, callStripe, isMissing } from './stripe.ts';

/** An invoice may be paid so long after it was made, and longer only by hand, in ms. */
const INVOICES = 60 * 24 * 3600_000;

/** What was among Stripe's charges, and the payments that an earlier report has named. */
interface Known {
  seen: ReadonlyMap<string, unknown>;
  named: PaymentDoc[];
}

/**
 * Asks Stripe one by one for the payments that were in none of its pages, since they were paid by a discount or a
 * balance, or long after they were charged; and compares them with the ledger.
 */
export async function findUnseen(
  ctx: Ctx,
  { from, to }: Period,
  { seen, named }: Known,
  differences: Difference[],
): Promise<number> {
  const known = new Set<string>(seen.keys());
  const before = known.size;
  let count = 0;
  const look = async (payments: PaymentDoc[]) => {
    const unseen = payments.filter(({ _id }) => !known.has(idText(_id)));
    const credits = await readCredits(
      ctx,
      unseen.map(({ _id }) => _id),
    );
    for (const payment of unseen) {
      known.add(idText(payment._id)); // a page begins with what ended the one before
      count++;
      if (!(await isPaidAtStripe(payment))) differences.push(nameUnknown(payment));
      else differences.push(...compareUncharged(payment, credits(payment._id)));
    }
  };
  await look(named.filter(({ completedAt }) => completedAt));
  let since = from;
  for (;;) {
    const completedAt = { $gte: since, $lt: to };
    const sort = { completedAt: 1 } as const;
    const options = { ...WHOLE, sort, limit: PAGE };
    const page: PaymentDoc[] = await findMany(ctx, Payment, { completedAt }, options);
    await look(page);
    const last = page.at(-1)?.completedAt;
    if (page.length < PAGE || !last) return before + count;
    since = last > since ? last : new Date(since.getTime() + 1);
  }
}

async function isPaidAtStripe({ intentId, flow, providerId }: PaymentDoc): Promise<boolean> {
  try {
    if (!intentId && flow === 'SUBSCRIPTION' && providerId) {
      // What a discount or a balance has paid has no charge.
      return (await findInvoice(providerId))?.status === 'paid';
    }
    if (!intentId) return false;
    const intent = await callStripe((stripe) => stripe.paymentIntents.retrieve(intentId));
    return intent.status === 'succeeded';
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/**
 * Finds invoices of our subscriptions that were paid in the period, or named before, and are no payments here:
 * their charges bear no mark.
 */
export async function findUnbooked(
  ctx: Ctx,
  { from, to }: Period,
  named: ReadonlySet<string>,
): Promise<Difference[]> {
  const created = toCreated({ from: new Date(to.getTime() - INVOICES), to });
  const of = { created, status: 'paid' as const };
  const differences: Difference[] = [];
  const isPaidNow = (invoice: Stripe.Invoice) =>
    paidAt(invoice) >= from.getTime() && !named.has(invoice.id ?? '');
  const pages = listPages((asked) => callStripe((s) => s.invoices.list({ ...of, ...asked })));
  for await (const page of pages) {
    differences.push(...(await nameMissing(ctx, page.filter(isPaidNow).flatMap(readMarked))));
  }
  for (const id of named) {
    const invoice = await findInvoice(id);
    const paid = invoice?.status === 'paid' ? readMarked(invoice) : [];
    differences.push(...(await nameMissing(ctx, paid)));
  }
  return differences;
}

function findInvoice(id: string): Promise<Stripe.Invoice | undefined> {
  return callOrMiss((stripe) => stripe.invoices.retrieve(id));
}

function readMarked({ id, parent }: Stripe.Invoice): { id: string; subscription: UUID }[] {
  const subscription = parseId(parent?.subscription_details?.metadata?.subscription);
  return id && subscription ? [{ id, subscription }] : [];
}

function paidAt({ status_transitions, created }: Stripe.Invoice): number {
  return (status_transitions?.paid_at ?? created) * 1000;
}

async function nameMissing(
  ctx: Ctx,
  marked: { id: string; subscription: UUID }[],
): Promise<Difference[]> {
  const _id = { $in: marked.map(({ subscription }) => subscription) };
  const providerId = { $in: marked.map(({ id }) => id) };
  const [ours, booked] = await Promise.all([
    findMany(ctx, Subscription, { _id }, { limit: PAGE, projection: { _id: 1 } }),
    findMany(
      ctx,
      Payment,
      { provider: 'STRIPE', providerId },
      { limit: PAGE, projection: { providerId: 1 } },
    ),
  ]);
  const isOurs = new Set(ours.map((one) => idText(one._id)));
  const isBooked = new Set(booked.map((one) => one.providerId));
  return marked
    .filter(({ id, subscription }) => isOurs.has(idText(subscription)) && !isBooked.has(id))
    .map(({ id, subscription }) => nameUnbooked(id, idText(subscription)));
}
