import type Stripe from 'stripe';
import { callOrRefuse, callStripe, StripeRefusal } from '../stripe.ts';

/** More than are ever open of one subscription. */
const MOST = 100;

/** The page at which the oldest invoice that is open is paid. */
export async function findOpenInvoice(subscription: string): Promise<string | undefined> {
  const open = await listOpenInvoices(subscription);
  return open.at(-1)?.hosted_invoice_url ?? undefined;
}

/**
 * Makes void what is still to be paid of a subscription, also for a change of its plan, which ends with that.
 * @throws AppError INVALID_STATE, UNAVAILABLE
 */
export async function voidInvoices(subscription: string): Promise<void> {
  for (const { id } of await listOpenInvoices(subscription)) if (id) await voidInvoice(id);
}

/** Stripe lists the newest first. */
async function listOpenInvoices(subscription: string): Promise<Stripe.Invoice[]> {
  const of = { subscription, status: 'open', limit: MOST } as const;
  return (await callOrRefuse((stripe) => stripe.invoices.list(of))).data;
}

async function voidInvoice(id: string): Promise<void> {
  try {
    await callStripe((stripe) => stripe.invoices.voidInvoice(id));
  } catch (error) {
    // It was paid meanwhile: settling finds that.
    if (!(error instanceof StripeRefusal)) throw error;
  }
}
