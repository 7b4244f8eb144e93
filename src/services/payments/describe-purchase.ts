import type Stripe from 'stripe';
import { idText } from '../../data/ids.ts';
import type { PaymentDoc } from '../../models/billing/payment.ts';
import { describePage } from './checkout-page.ts';
import { toStripeAmount } from './currency.ts';

/** Describes a payment to Stripe, whose page shows it: nothing of this changes from one call to the next. */
export function describePurchase(
  { _id, currency, credits, amount }: PaymentDoc,
  customer: string,
): Stripe.Checkout.SessionCreateParams {
  const id = idText(_id);
  const metadata = { payment: id };
  return {
    mode: 'payment',
    ...describePage(customer, { folder: 'payments', id }),
    line_items: [
      {
        quantity: 1,
        price_data: {
          currency: currency.toLowerCase(),
          unit_amount: toStripeAmount(amount, currency),
          product_data: { name: `${credits} credits` },
        },
      },
    ],
    metadata,
    // The session's own are not copied: charges, refunds and disputes carry these.
    payment_intent_data: { metadata },
    // Stripe writes the invoice, with the number for VAT that the payer gives.
    invoice_creation: { enabled: true },
    saved_payment_method_options: { payment_method_save: 'enabled' },
  };
}
