import type Stripe from 'stripe';
import type { SubscriptionDoc } from '../../../models/billing/subscription.ts';
import { fromStripeAmount } from '../currency.ts';
import { readId } from '../read-id.ts';
import { callStripe } from '../stripe.ts';
import { findPlanItem, readProduct } from './plans.ts';

/** What Stripe says of a subscription at this moment. */
export interface SubscriptionFacts {
  providerId?: string;
  status: SubscriptionDoc['status'];
  error?: { code: string; message: string };
  /** The plan that it goes on with. */
  nextPlan?: string;
  cancelAtPeriodEnd: boolean;
  /** Since when an invoice has waited to be paid, and none was paid that is newer. */
  unpaidSince?: Date;
  /** The paid ones, the oldest first. */
  invoices: InvoiceFacts[];
}

export interface InvoiceFacts {
  id: string;
  intentId?: string;
  amount: number;
  currency: string;
  lines: InvoiceLine[];
}

/** What an invoice charges for a plan, or gives back where `isCharged` is false. */
export interface InvoiceLine {
  plan: string;
  /** What a whole period of it brings. */
  credits: number;
  /** What a whole period of it costs, at the price that the subscription had then. */
  price: number;
  isCharged: boolean;
  /** Whether it is for what is left of a period, after a change of the plan. */
  isProrated: boolean;
  start: Date;
  end: Date;
}

type Known = Pick<SubscriptionDoc, 'providerId' | 'checkoutId'>;

/** Asks Stripe about a subscription; undefined where it has none yet. */
export async function fetchSubscription({
  providerId,
  checkoutId,
}: Known): Promise<SubscriptionFacts | undefined> {
  if (providerId) return fetchOne(providerId);
  if (!checkoutId) return undefined;
  const session = await callStripe((stripe) => stripe.checkout.sessions.retrieve(checkoutId));
  const made = readId(session.subscription);
  if (made) return fetchOne(made);
  if (session.status !== 'expired') return undefined;
  const error = { code: 'EXPIRED', message: 'It was not paid for.' };
  return { status: 'CANCELLED', error, cancelAtPeriodEnd: false, invoices: [] };
}

async function fetchOne(id: string): Promise<SubscriptionFacts> {
  const [subscription, invoices] = await Promise.all([
    callStripe((stripe) => stripe.subscriptions.retrieve(id)),
    listInvoices(id),
  ]);
  const unpaid = findUnpaid(invoices);
  const product = readId(findPlanItem(subscription.items.data)?.price.product);
  const next = product && readProduct(product);
  return {
    providerId: id,
    status: readStatus(subscription.status),
    ...(next && { nextPlan: next.plan }),
    cancelAtPeriodEnd: subscription.cancel_at_period_end,
    ...(unpaid && { unpaidSince: new Date(unpaid.created * 1000) }),
    invoices: readPaid(invoices),
  };
}

/** The paid invoices of a subscription, the oldest first. */
export async function fetchPaidInvoices(id: string): Promise<InvoiceFacts[]> {
  return readPaid(await listInvoices(id));
}

/** All invoices, the oldest first: Stripe lists the newest first, also of those of one second. */
async function listInvoices(id: string): Promise<Stripe.Invoice[]> {
  const of = { subscription: id, limit: 100, expand: ['data.payments'] };
  const found = await callStripe((stripe) =>
    stripe.invoices.list(of).autoPagingToArray({ limit: 1000 }),
  );
  return found.reverse();
}

function readPaid(invoices: Stripe.Invoice[]): InvoiceFacts[] {
  return invoices.filter(({ status }) => status === 'paid').map(readInvoice);
}

/**
 * The oldest one that is unpaid and newer than all that are paid. Stripe goes by the newest invoice, whether
 * that is for a period or for a change within one: when it was paid, the subscription was active again, and
 * an older one that is still unpaid was given up.
 */
function findUnpaid(invoices: Stripe.Invoice[]): Stripe.Invoice | undefined {
  const lastPaid = invoices.findLastIndex(({ status }) => status === 'paid');
  const newer = invoices.slice(lastPaid + 1);
  return newer.find(({ status }) => status === 'open' || status === 'uncollectible');
}

function readStatus(status: Stripe.Subscription.Status): SubscriptionDoc['status'] {
  if (status === 'active' || status === 'trialing') return 'ACTIVE';
  if (status === 'incomplete') return 'PENDING';
  if (status === 'canceled' || status === 'incomplete_expired') return 'CANCELLED';
  return 'PAST_DUE'; // past_due, unpaid, paused: nothing is paid for
}

/** Reads an invoice that is paid. */
export function readInvoice(invoice: Stripe.Invoice): InvoiceFacts {
  const { id, amount_paid, currency, lines, payments } = invoice;
  const paid = payments?.data.find((one) => one.status === 'paid');
  const intentId = readId(paid?.payment.payment_intent);
  return {
    id: id as string, // only a preview has none
    ...(intentId && { intentId }),
    amount: fromStripeAmount(amount_paid, currency),
    currency: currency.toUpperCase(),
    lines: lines.data.flatMap(readLine),
  };
}

function readLine(line: Stripe.InvoiceLineItem): InvoiceLine[] {
  const { amount, currency, parent, period, pricing } = line;
  const product = pricing?.price_details?.product;
  const sold = product && readProduct(product);
  if (!sold) return [];
  // It has none where a price is in tiers, as none of ours is.
  const price = pricing.unit_amount_decimal?.toNumber() ?? Math.abs(amount);
  const item = parent?.subscription_item_details ?? parent?.invoice_item_details;
  return [
    {
      ...sold,
      price: fromStripeAmount(price, currency),
      isCharged: amount >= 0,
      isProrated: item?.proration ?? false,
      start: new Date(period.start * 1000),
      end: new Date(period.end * 1000),
    },
  ];
}
