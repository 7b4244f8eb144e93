import { makeInvoice } from './invoices.ts';
import { beginPeriod, charge, itemOf, periodFrom } from './periods.ts';
import { readClock, type State, type StripeObject } from './state.ts';

/**
 * Gives a subscription another price. Without prorations nothing is charged before the next period; but a
 * price of another interval begins that at once, and charges it whole.
 */
export function changePrice(
  state: State,
  subscription: StripeObject,
  price: StripeObject,
  proration: string,
): void {
  if (proration !== 'none') {
    upgrade(state, subscription, price);
    return;
  }
  const isReset = resetsPeriod(subscription, price);
  itemOf(subscription).price = price;
  const now = { start: readClock(state), reason: 'subscription_update' };
  if (isReset) beginPeriod(state, subscription, now);
}

/** The invoice of a pending update is paid. */
export function applyPending(subscription: StripeObject): void {
  const { pending_update: pending } = subscription;
  if (!pending) return;
  const { price } = pending.subscription_items[0];
  applyPrice(subscription, price, pending.billing_cycle_anchor);
  subscription.pending_update = null;
}

/** Charges the difference at once; until that is paid, the update is pending. */
function upgrade(state: State, subscription: StripeObject, price: StripeObject): void {
  const now = readClock(state);
  const lines = makeLines(subscription, price, now);
  const invoice = makeInvoice(state, subscription, 'subscription_update', lines);
  const billing_cycle_anchor = resetsPeriod(subscription, price) ? now : null;
  if (charge(state, subscription, invoice)) applyPrice(subscription, price, billing_cycle_anchor);
  else {
    const subscription_items = [{ ...itemOf(subscription), price }];
    const expires_at = now + 23 * 3600;
    subscription.pending_update = { expires_at, billing_cycle_anchor, subscription_items };
  }
}

/** What is left of the former price is given back; of the new one its part is charged, or a whole period. */
function makeLines(subscription: StripeObject, price: StripeObject, now: number) {
  const {
    price: former,
    current_period_start: begin,
    current_period_end: end,
  } = itemOf(subscription);
  const left = (end - now) / (end - begin);
  const share = (one: StripeObject) => Math.round(one.unit_amount * left);
  const rest = { proration: true, start: now, end };
  const back = { ...rest, amount: -share(former), price: former };
  if (!resetsPeriod(subscription, price)) return [back, { ...rest, amount: share(price), price }];
  const whole = { proration: false, start: now, end: periodFrom(now, price).current_period_end };
  return [back, { ...whole, amount: price.unit_amount, price }];
}

function resetsPeriod(subscription: StripeObject, { recurring }: StripeObject): boolean {
  return itemOf(subscription).price.recurring.interval !== recurring.interval;
}

function applyPrice(subscription: StripeObject, price: StripeObject, anchor: number | null): void {
  Object.assign(itemOf(subscription), { price }, anchor && periodFrom(anchor, price));
}
