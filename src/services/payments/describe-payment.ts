import { stringifyDocument } from '../../api/json/document.ts';
import type { Ctx } from '../../context.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { findMany, findOne, pickVisible, WHOLE } from '../../data/read.ts';
import { notFound } from '../../errors.ts';
import { CreditsTransaction } from '../../models/billing/credits-transaction.ts';
import { Dispute } from '../../models/billing/dispute.ts';
import { Payment } from '../../models/billing/payment.ts';
import { WebhookEvent } from '../../models/webhooks/webhook-event.ts';

const MOST = 100;

/** Everything that an administrator may want to know of a payment, on one page. */
export async function describePayment(ctx: Ctx, _id: UUID): Promise<object> {
  const payment = await findOne(ctx, Payment, { _id }, WHOLE);
  if (!payment) throw notFound();
  const options = { ...WHOLE, limit: MOST };
  const oldest = { sort: { createdAt: 1 }, ...options } as const;
  const [events, disputes, entries] = await Promise.all([
    findMany(ctx, WebhookEvent, { payment: _id }, oldest),
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
