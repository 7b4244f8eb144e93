import type { Behaviour } from './cards.ts';
import { readList } from './form.ts';
import { payInvoice } from './invoices.ts';
import { beginPeriod, itemOf, periodFrom } from './periods.ts';
import { applyPending, changePrice } from './price-changes.ts';
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
    ...periodFrom(start, price),
  };
  return add(state, 'sub', 'subscription', {
    ...{ customer, metadata, default_payment_method: method, status: 'active' },
    ...{ cancel_at_period_end: false, canceled_at: null, ended_at: null, pending_update: null },
    ...{ latest_invoice: null, items: { object: 'list', has_more: false, data: [item] } },
  });
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
    if (item.id !== itemOf(subscription).id) throw refuse('This makes an extra a plan.');
    const price = makePrice(state, item.price_data);
    changePrice(state, subscription, price, params.proration_behavior);
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
      ['active', 'past_due'].includes(subscription.status) &&
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
  applyPending(subscription);
  subscription.status = 'active';
  emit(state, 'customer.subscription.updated', subscription);
  return true;
}

/** The newest invoice is given up: the subscription goes on with its next period. */
export function giveUpInvoice(state: State, id: string): void {
  const { latest_invoice } = need(state, id, 'subscription');
  const invoice = need(state, latest_invoice, 'invoice');
  invoice.status = 'uncollectible';
  emit(state, 'invoice.marked_uncollectible', invoice);
}

/** POST /v1/invoices/{id}/void: an update that waits to be paid by it is given up. */
export function voidInvoice(state: State, id: string): StripeObject {
  const invoice = need(state, id, 'invoice');
  if (invoice.status !== 'open' && invoice.status !== 'uncollectible')
    throw refuse(`This invoice is ${invoice.status}: it cannot be voided.`);
  invoice.status = 'void';
  emit(state, 'invoice.voided', invoice);
  const { subscription: of } = invoice.parent?.subscription_details ?? {};
  const subscription = state.objects.get(of);
  if (subscription?.pending_update && subscription.latest_invoice === id) {
    subscription.pending_update = null;
    emit(state, 'customer.subscription.updated', subscription);
  }
  return invoice;
}

/** What the saved card of a subscription does from now on. */
export function setBehaviour(state: State, id: string, does: Behaviour): void {
  const { default_payment_method } = need(state, id, 'subscription');
  need(state, default_payment_method, 'payment_method').does = does;
}

function renew(state: State, subscription: StripeObject): void {
  const { current_period_end: start } = itemOf(subscription);
  beginPeriod(state, subscription, { start, reason: 'subscription_cycle' });
  emit(state, 'customer.subscription.updated', subscription);
}

function refuse(message: string, code?: string): FakeError {
  return new FakeError(code ? 404 : 400, {
    type: 'invalid_request_error',
    message,
    ...(code && { code }),
  });
}
