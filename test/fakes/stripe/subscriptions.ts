import type { Behaviour } from './cards.ts';
import { readList } from './form.ts';
import { makeInvoice, payInvoice } from './invoices.ts';
import { makePrice } from './prices.ts';
import {
  add,
  emit,
  FakeError,
  listObjects,
  makeId,
  need,
  type Params,
  readClock,
  type State,
  type StripeObject,
} from './state.ts';

/** What a session has made once it is paid: its first invoice is still to be marked so. */
export function createSubscription(
  state: State,
  values: { customer: string; metadata: object; method: string; price: StripeObject },
): StripeObject {
  const { customer, metadata, method, price } = values;
  const start = readClock(state);
  const item = {
    ...{ id: makeId('si'), object: 'subscription_item', quantity: 1, price },
    ...{ current_period_start: start, current_period_end: addPeriod(start, price) },
  };
  return add(state, 'sub', 'subscription', {
    ...{ customer, metadata, default_payment_method: method, status: 'active' },
    ...{ cancel_at_period_end: false, canceled_at: null, ended_at: null, pending_update: null },
    ...{ latest_invoice: null, items: { object: 'list', has_more: false, data: [item] } },
  });
}

/** The line of a whole period. */
export function makePeriodLine(subscription: StripeObject) {
  const { price, current_period_start: start, current_period_end: end } = itemOf(subscription);
  return { amount: price.unit_amount, price, proration: false, start, end };
}

/** POST /v1/subscriptions/{id} */
export function updateSubscription(state: State, id: string, params: Params): StripeObject {
  const subscription = need(state, id, 'subscription');
  if (subscription.status === 'canceled')
    throw refuse('A canceled subscription can only update its metadata.');
  if (params.cancel_at_period_end !== undefined) {
    subscription.cancel_at_period_end = params.cancel_at_period_end === 'true';
  }
  const [item] = readList(params.items) as unknown as Params[];
  if (item?.price_data) {
    const price = makePrice(state, item.price_data);
    if (params.proration_behavior === 'none') itemOf(subscription).price = price;
    else upgrade(state, subscription, price);
  }
  emit(state, 'customer.subscription.updated', subscription);
  return subscription;
}

/** DELETE /v1/subscriptions/{id}, and what happens when tries to charge it have come to an end. */
export function endSubscription(state: State, id: string): StripeObject {
  const subscription = need(state, id, 'subscription');
  if (subscription.status === 'canceled')
    throw refuse(`No such subscription: '${id}'`, 'resource_missing');
  Object.assign(subscription, { status: 'canceled', ended_at: readClock(state) });
  emit(state, 'customer.subscription.deleted', subscription);
  return subscription;
}

/** Its clock has moved: each subscription whose period is over is renewed, or ends. */
export function renewSubscriptions(state: State): void {
  for (const subscription of listObjects(state, 'subscription').reverse()) {
    while (
      subscription.status === 'active' &&
      itemOf(subscription).current_period_end <= readClock(state)
    ) {
      if (subscription.cancel_at_period_end) endSubscription(state, subscription.id);
      else renew(state, subscription);
    }
  }
}

/** Time goes on until the period of a subscription is over. */
export function passPeriod(state: State, id: string): void {
  const { current_period_end: end } = itemOf(need(state, id, 'subscription'));
  state.ahead += Math.max(0, end - readClock(state));
  renewSubscriptions(state);
}

/** An open invoice is paid: by another try, or by its payer on the page. */
export function payOpenInvoice(state: State, id: string, does: Behaviour = 'PAYS'): boolean {
  const subscription = need(state, id, 'subscription');
  const isPaid = payInvoice(state, subscription.latest_invoice, does);
  if (!isPaid) return false;
  const { pending_update: pending } = subscription;
  if (pending) itemOf(subscription).price = pending.subscription_items[0].price;
  Object.assign(subscription, { status: 'active', pending_update: null });
  emit(state, 'customer.subscription.updated', subscription);
  return true;
}

/** What the saved card of a subscription does from now on. */
export function setBehaviour(state: State, id: string, does: Behaviour): void {
  const { default_payment_method } = need(state, id, 'subscription');
  need(state, default_payment_method, 'payment_method').does = does;
}

function renew(state: State, subscription: StripeObject): void {
  const item = itemOf(subscription);
  const start = item.current_period_end;
  Object.assign(item, {
    current_period_start: start,
    current_period_end: addPeriod(start, item.price),
  });
  const invoice = makeInvoice(state, subscription, 'subscription_cycle', [
    makePeriodLine(subscription),
  ]);
  if (!charge(state, subscription, invoice)) subscription.status = 'past_due';
  emit(state, 'customer.subscription.updated', subscription);
}

/** Charges the difference for what is left of the period; until that is paid, the update is pending. */
function upgrade(state: State, subscription: StripeObject, price: StripeObject): void {
  const item = itemOf(subscription);
  const { current_period_start: begin, current_period_end: end } = item;
  const now = readClock(state);
  const left = (end - now) / (end - begin);
  const share = (one: StripeObject) => Math.round(one.unit_amount * left);
  const common = { proration: true, start: now, end };
  const invoice = makeInvoice(state, subscription, 'subscription_update', [
    { ...common, amount: -share(item.price), price: item.price },
    { ...common, amount: share(price), price },
  ]);
  if (charge(state, subscription, invoice)) item.price = price;
  else {
    const subscription_items = [{ ...item, price }];
    subscription.pending_update = { expires_at: now + 23 * 3600, subscription_items };
  }
}

function charge(state: State, subscription: StripeObject, invoice: StripeObject): boolean {
  const method = need(state, subscription.default_payment_method, 'payment_method');
  return payInvoice(state, invoice.id, method.does);
}

function itemOf(subscription: StripeObject): StripeObject {
  return subscription.items.data[0];
}

function addPeriod(start: number, { recurring }: StripeObject): number {
  const date = new Date(start * 1000);
  const day = date.getUTCDate();
  date.setUTCMonth(date.getUTCMonth() + (recurring.interval === 'year' ? 12 : 1));
  // Of a shorter month the last day.
  if (date.getUTCDate() !== day) date.setUTCDate(0);
  return date.getTime() / 1000;
}

function refuse(message: string, code?: string): FakeError {
  return new FakeError(code ? 404 : 400, {
    type: 'invalid_request_error',
    message,
    ...(code && { code }),
  });
}
