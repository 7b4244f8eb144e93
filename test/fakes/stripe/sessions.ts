import type { Behaviour } from './cards.ts';
import { readList } from './form.ts';
import { chargeIntent, makeIntent, refuseCharge, succeed } from './intents.ts';
import { makeInvoice, payWith } from './invoices.ts';
import { saveMethod } from './methods.ts';
import { makePeriodLine } from './periods.ts';
import { makePrice } from './prices.ts';
import {
  add,
  emit,
  FakeError,
  listObjects,
  need,
  type Params,
  readClock,
  requireParams,
  type State,
  type StripeObject,
} from './state.ts';
import { createSubscription } from './subscriptions.ts';

const DAY = 24 * 3600;

/** POST /v1/checkout/sessions */
export function createSession(state: State, params: Params): StripeObject {
  requireParams(params, 'line_items', 'success_url');
  const items = readList(params.line_items) as unknown as Params[];
  const total = items.reduce(
    (sum, { quantity, price_data }) => sum + Number(quantity) * Number(price_data.unit_amount),
    0,
  );
  const session = add(state, 'cs_test', 'checkout.session', {
    ...{ mode: params.mode, status: 'open', payment_status: 'unpaid', payment_intent: null },
    ...{ amount_total: total, currency: items[0]?.price_data.currency, invoice: null },
    ...{ customer: params.customer ?? null, metadata: params.metadata ?? {} },
    ...{ client_reference_id: params.client_reference_id ?? null },
    ...{ success_url: params.success_url, cancel_url: params.cancel_url ?? null },
    expires_at: Number(params.expires_at ?? readClock(state) + DAY),
    intentMetadata: params.payment_intent_data?.metadata ?? {},
    subscriptionMetadata: params.subscription_data?.metadata ?? {},
    ...{ recurs: items[0]?.price_data, subscription: null },
    wantsInvoice: params.invoice_creation?.enabled === 'true',
    description: items[0]?.price_data.product_data?.name ?? items[0]?.price_data.product,
  });
  session.url = `${state.page}/pay/${session.id}`;
  return session;
}

/** What the payer does on the page. Returns what a card was refused for. */
export function paySession(
  state: State,
  id: string,
  does: Behaviour,
): Record<string, unknown> | undefined {
  const session = need(state, id, 'checkout.session');
  if (session.status !== 'open') throw new FakeError(400, { message: `It is ${session.status}.` });
  const intent = openIntent(state, session);
  const isDebit = does === 'DELAYS' && session.mode === 'subscription';
  const error = chargeIntent(state, intent, isDebit ? 'DECLINES' : does);
  session.card = does;
  if (intent.status === 'succeeded') complete(state, session, 'paid');
  if (intent.status === 'processing') complete(state, session, 'unpaid');
  return error;
}

/** The card's holder has answered its bank. */
export function answerBank(state: State, id: string, isYes: boolean): void {
  const session = state.objects.get(id);
  const named = session?.payment_intent ?? session?.ownIntent ?? id;
  const intent = need(state, named, 'payment_intent');
  if (['succeeded', 'canceled'].includes(intent.status)) {
    throw new FakeError(400, { message: `It is ${intent.status}.` });
  }
  if (!isYes) {
    const error = { type: 'card_error', code: 'payment_intent_authentication_failure' };
    refuseCharge(state, intent, { ...error, message: 'The holder did not confirm.' });
    return;
  }
  succeed(state, intent);
  if (session?.status === 'open') complete(state, session, 'paid');
}

/** A method that takes days has come to its end. */
export function finishDelayed(state: State, id: string, isPaid: boolean): void {
  const session = listObjects(state, 'checkout.session').find((one) => one.id === id);
  const intent = need(state, session?.payment_intent ?? id, 'payment_intent');
  if (intent.status !== 'processing')
    throw new FakeError(400, { message: 'No debit is on its way.' });
  if (isPaid) succeed(state, intent);
  else {
    refuseCharge(state, intent, {
      ...{ type: 'card_error', code: 'payment_method_provider_decline' },
      message: 'The bank refused the debit.',
    });
  }
  if (!session) return;
  if (isPaid) session.payment_status = 'paid';
  const outcome = isPaid ? 'succeeded' : 'failed';
  emit(state, `checkout.session.async_payment_${outcome}`, session);
}

/** POST /v1/checkout/sessions/{id}/expire, and what the clock does. */
export function expireSession(state: State, id: string): StripeObject {
  const session = need(state, id, 'checkout.session');
  if (session.status !== 'open') throw new FakeError(400, { message: `It is ${session.status}.` });
  Object.assign(session, { status: 'expired', url: null });
  emit(state, 'checkout.session.expired', session);
  return session;
}

function openIntent(state: State, session: StripeObject): StripeObject {
  const known = session.payment_intent ?? session.ownIntent;
  if (known) return need(state, known, 'payment_intent');
  const { amount_total: amount, currency, customer, intentMetadata: metadata } = session;
  const intent = makeIntent(state, { amount, currency, customer, metadata });
  // A session of a subscription names that, and not the PaymentIntent of its first invoice.
  if (session.mode === 'subscription') session.ownIntent = intent.id;
  else session.payment_intent = intent.id;
  return intent;
}

function complete(state: State, session: StripeObject, payment_status: 'paid' | 'unpaid'): void {
  Object.assign(session, { status: 'complete', payment_status, url: null });
  if (session.mode === 'subscription') beginSubscription(state, session);
  else if (session.wantsInvoice) {
    const hosted = `https://invoice.stripe.example/${session.id}`;
    session.invoice = add(state, 'in', 'invoice', { hosted_invoice_url: hosted }).id;
  }
  emit(state, 'checkout.session.completed', session);
}

/** What was paid is the first invoice of a subscription, whose card is saved. */
function beginSubscription(state: State, session: StripeObject): void {
  const { customer, subscriptionMetadata, recurs, ownIntent, card } = session;
  const price = makePrice(state, recurs);
  const method = saveMethod(state, customer, card).id;
  const values = { customer, metadata: { ...subscriptionMetadata }, method, price };
  const subscription = createSubscription(state, values);
  const lines = [makePeriodLine(subscription)];
  const invoice = makeInvoice(state, subscription, 'subscription_create', lines);
  payWith(state, invoice, need(state, ownIntent, 'payment_intent'));
  Object.assign(session, { subscription: subscription.id, invoice: invoice.id });
  emit(state, 'customer.subscription.created', subscription);
}
