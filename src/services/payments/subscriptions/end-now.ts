import { callOrMiss, callOrRefuse, callStripe, StripeRefusal } from '../stripe.ts';

/** More than are ever open of one subscription. */
const MOST = 100;

/**
 * Ends a subscription at once: nothing of it can be paid any more. Whoever asks again after a crash, or a lost answer,
 * goes on from there. @throws AppError INVALID_STATE, UNAVAILABLE
 */
export async function endNow(id: string): Promise<void> {
  await voidInvoices(id);
  // It may have ended already, such as by a call of which the answer was lost.
  await callOrRefuse(() => callOrMiss((stripe) => stripe.subscriptions.cancel(id)));
  // What was made meanwhile.
  await voidInvoices(id);
}

/**
 * Makes void what is still to be paid of a subscription, also for a change of its plan, which ends with that.
 * @throws AppError INVALID_STATE, UNAVAILABLE
 */
export async function voidInvoices(subscription: string): Promise<void> {
  const of = { subscription, status: 'open', limit: MOST } as const;
  const { data } = await callOrRefuse((stripe) => stripe.invoices.list(of));
  for (const { id } of data) if (id) await voidInvoice(id);
}

async function voidInvoice(id: string): Promise<void> {
  try {
    await callStripe((stripe) => stripe.invoices.voidInvoice(id));
  } catch (error) {
    // It was paid meanwhile: settling finds that.
    if (!(error instanceof StripeRefusal)) throw error;
  }
}
