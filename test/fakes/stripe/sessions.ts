import type { Behaviour } from './cards.ts';
import { readList } from './form.ts';
import { chargeIntent, makeIntent, refuseCharge, succeed } from './intents.ts';
import {
  add,
  emit,
  FakeError,
  need,
  type Params,
  readClock,
  requireParams,
  type State,
  type StripeObject,
} from './state.ts';

const DAY = 24 * 3600;

/** POST /v1/checkout/sessions */
export function createSession(state: State, params: Params, page: string): StripeObject {
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
    wantsInvoice: params.invoice_creation?.enabled === 'true',
    description: items[0]?.price_data.product_data?.name,
  });
  session.url = `${page}/pay/${session.id}`;
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
  const error = chargeIntent(state, intent, does);
  if (intent.status === 'succeeded') complete(state, session, 'paid');
  if (intent.status === 'processing') complete(state, session, 'unpaid');
  return error;
}

/** The card's holder has answered its bank. */
export function answerBank(state: State, id: string, isYes: boolean): void {
  const session = state.objects.get(id);
  const intent = need(state, session?.payment_intent ?? id, 'payment_intent');
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
  const session = need(state, id, 'checkout.session');
  const intent = need(state, session.payment_intent, 'payment_intent');
  if (isPaid) {
    succeed(state, intent);
    session.payment_status = 'paid';
    emit(state, 'checkout.session.async_payment_succeeded', session);
  } else {
    refuseCharge(state, intent, {
      ...{ type: 'card_error', code: 'payment_method_provider_decline' },
      message: 'The bank refused the debit.',
    });
    emit(state, 'checkout.session.async_payment_failed', session);
  }
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
  if (session.payment_intent) return need(state, session.payment_intent, 'payment_intent');
  const { amount_total: amount, currency, customer, intentMetadata: metadata } = session;
  const intent = makeIntent(state, { amount, currency, customer, metadata });
  session.payment_intent = intent.id;
  return intent;
}

function complete(state: State, session: StripeObject, payment_status: 'paid' | 'unpaid'): void {
  Object.assign(session, { status: 'complete', payment_status, url: null });
  if (session.wantsInvoice) {
    const hosted = `https://invoice.stripe.example/${session.id}`;
    session.invoice = add(state, 'in', 'invoice', { hosted_invoice_url: hosted }).id;
  }
  emit(state, 'checkout.session.completed', session);
}
