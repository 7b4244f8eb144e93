import { callOrMiss, callOrRefuse } from '../stripe.ts';
import { voidInvoices } from './open-invoices.ts';

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
