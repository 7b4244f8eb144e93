import { stringifyDocument } from '../../api/json/document.ts';
import type { Ctx } from '../../context.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { findMany, findOne, pickVisible, WHOLE } from '../../data/read.ts';
import { notFound } from '../../errors.ts';
import { CreditsTransaction } from '../../models/billing/credits-transaction.ts';
import { Dispute } from '../../models/billing/dispute.ts';
import { Payment, type PaymentDoc } from '../../models/billing/payment.ts';
import { WebhookEvent } from '../../models/webhooks/webhook-event.ts';

const MOST = 100;

/** Everything that an administrator may want to know of a payment, on one page. */
export interface PaymentPage {
  /** As the API answers it. */
  payment: Record<string, unknown> & { id: string; status: string };
  events: { id: string; type: string; origin: string; happenedAt: Date; handledAt?: Date }[];
  disputes: { id: string; amount: number; status: string; openedAt: Date; closedAt?: Date }[];
  entries: {
    id: string;
    type: string;
    cause: string;
    amount: number;
    balanceAfter: number;
    createdAt: Date;
  }[];
}

/** Describes a payment with its events, disputes and entries, the oldest first, at most a hundred of each. */
export async function describePayment(ctx: Ctx, _id: UUID): Promise<PaymentPage> {
  const payment = await findOne(ctx, Payment, { _id }, WHOLE);
  if (!payment) throw notFound();
  const options = { ...WHOLE, limit: MOST };
  const oldest = { sort: { createdAt: 1 }, ...options } as const;
  const [events, disputes, entries] = await Promise.all([
    findEvents(ctx, payment),
    findMany(ctx, Dispute, { payment: _id }, options),
    findMany(ctx, CreditsTransaction, { account: payment.user, payment: _id }, oldest),
  ]);
  return {
    payment: JSON.parse(stringifyDocument(Payment, pickVisible(Payment, payment))),
    events: events.map(({ eventId, type, origin, happenedAt, handledAt }) => ({
      ...{ id: eventId, type, origin, happenedAt },
      ...(handledAt && { handledAt }),
    })),
    disputes: disputes.map(({ _id: id, amount, status, openedAt, closedAt }) => ({
      ...{ id: idText(id), amount, status, openedAt },
      ...(closedAt && { closedAt }),
    })),
    entries: entries.map(({ _id: id, type, cause, amount, balanceAfter, createdAt }) => ({
      ...{ id: idText(id), type, cause, amount, balanceAfter, createdAt },
    })),
  };
}

/** Those of the payment and, where it paid an invoice, of that. */
async function findEvents(ctx: Ctx, { _id, subscription, providerId }: PaymentDoc) {
  const oldest = { sort: { createdAt: 1 }, ...WHOLE, limit: MOST } as const;
  const own = await findMany(ctx, WebhookEvent, { payment: _id }, oldest);
  if (!subscription || !providerId) return own;
  const of = { subscription, objectId: providerId };
  const invoiced = await findMany(ctx, WebhookEvent, of, oldest);
  const all = [...own, ...invoiced].sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
  return all.slice(0, MOST);
}
