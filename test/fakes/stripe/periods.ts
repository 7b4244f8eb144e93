import { makeInvoice, payInvoice } from './invoices.ts';
import { need, type State, type StripeObject } from './state.ts';

/** What a subscription charges for, and when: of several items the one that is no extra. */
export function itemOf({ items }: StripeObject): StripeObject {
  const isPlan = ({ price }: StripeObject) => String(price.product).startsWith('plan-');
  return items.data.find(isPlan) ?? items.data[0];
}

/** The period of a price that begins at a moment. */
export function periodFrom(start: number, price: StripeObject) {
  return { current_period_start: start, current_period_end: addPeriod(start, price) };
}

/** The line of a whole period. */
export function makePeriodLine(subscription: StripeObject) {
  const { price, current_period_start: start, current_period_end: end } = itemOf(subscription);
  return { amount: price.unit_amount, price, proration: false, start, end };
}

/** Begins a period, which is charged at once: the newest invoice says whether the subscription is past due. */
export function beginPeriod(
  state: State,
  subscription: StripeObject,
  { start, reason }: { start: number; reason: string },
): void {
  const item = itemOf(subscription);
  Object.assign(item, periodFrom(start, item.price));
  const invoice = makeInvoice(state, subscription, reason, [makePeriodLine(subscription)]);
  subscription.status = charge(state, subscription, invoice) ? 'active' : 'past_due';
}

/** Charges an invoice to the saved card of a subscription. Returns whether it is paid. */
export function charge(state: State, subscription: StripeObject, invoice: StripeObject): boolean {
  const method = need(state, subscription.default_payment_method, 'payment_method');
  return payInvoice(state, invoice.id, method.does);
}

function addPeriod(start: number, { recurring }: StripeObject): number {
  const date = new Date(start * 1000);
  const day = date.getUTCDate();
  date.setUTCMonth(date.getUTCMonth() + (recurring.interval === 'year' ? 12 : 1));
  // Of a shorter month the last day.
  if (date.getUTCDate() !== day) date.setUTCDate(0);
  return date.getTime() / 1000;
}
