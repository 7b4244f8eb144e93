import type { Ctx } from '../../../context.ts';
import { findOne, WHOLE } from '../../../data/read.ts';
import { insert } from '../../../data/write.ts';
import { AppError } from '../../../errors.ts';
import { Payment, type PaymentDoc } from '../../../models/billing/payment.ts';
import type { SubscriptionDoc } from '../../../models/billing/subscription.ts';
import { settlePayment } from '../settle.ts';
import type { InvoiceFacts } from './facts.ts';
import { countGrant, nameInvoice } from './periods.ts';

/**
 * Makes each paid invoice a payment, once, and settles it. It is stored before Stripe is asked for its
 * refunds: so one that was made before, and found no payment then, is seen now.
 */
export async function bookInvoices(
  ctx: Ctx,
  subscription: SubscriptionDoc,
  invoices: InvoiceFacts[],
): Promise<void> {
  for (const invoice of invoices) {
    const known = { provider: 'STRIPE', providerId: invoice.id };
    const payment =
      (await findOne(ctx, Payment, known, WHOLE)) ??
      (await storePayment(ctx, subscription, invoice, countGrant(invoice, invoices)));
    if (payment.status === 'PENDING') await settlePayment(ctx, payment._id);
  }
}

async function storePayment(
  ctx: Ctx,
  { _id: subscription, user, plan }: SubscriptionDoc,
  invoice: InvoiceFacts,
  credits: number,
): Promise<PaymentDoc> {
  const { id: providerId, intentId, amount, currency } = invoice;
  try {
    return await insert({ ...ctx, promisedId: undefined }, Payment, {
      ...{ user, subscription, amount, currency, credits, providerId, flow: 'SUBSCRIPTION' },
      package: nameInvoice(invoice) ?? plan,
      ...(intentId && { intentId }),
    });
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'DUPLICATE') throw error;
    // Another job was first.
    const found = await findOne(ctx, Payment, { provider: 'STRIPE', providerId }, WHOLE);
    return found as PaymentDoc;
  }
}
