import { type Behaviour, describeDecline } from './cards.ts';
import {
  add,
  emit,
  FakeError,
  makeId,
  need,
  type Params,
  requireParams,
  type State,
  type StripeObject,
} from './state.ts';

/** POST /v1/payment_intents, with a saved method and `confirm` charged at once. */
export function createIntent(state: State, params: Params): StripeObject {
  requireParams(params, 'amount', 'currency');
  if (params.confirm !== 'true') return makeIntent(state, params);
  const method = needMethod(state, params);
  const intent = makeIntent(state, params);
  if (method.does === 'ASKS' && params.off_session === 'true') {
    const error = {
      ...{ type: 'card_error', code: 'authentication_required' },
      message: 'Your card was declined. This transaction requires authentication.',
    };
    refuseCharge(state, intent, error);
    throw new FakeError(402, { ...error, payment_intent: intent });
  }
  const error = chargeIntent(state, intent, method.does);
  if (error) throw new FakeError(402, { ...error, payment_intent: intent });
  return intent;
}

/** What is refused for its parameters leaves no PaymentIntent. */
function needMethod(state: State, { payment_method, customer }: Params): StripeObject {
  const method = need(state, payment_method, 'payment_method');
  if (method.customer === customer) return method;
  const message = 'The PaymentMethod does not belong to the Customer.';
  const code = 'payment_method_unexpected_state';
  throw new FakeError(400, { type: 'invalid_request_error', code, message });
}

export function makeIntent(state: State, params: Params): StripeObject {
  const { amount, currency, customer = null, metadata = {} } = params;
  const secret = makeId('secret');
  const intent = add(state, 'pi', 'payment_intent', {
    ...{ amount: Number(amount), amount_received: 0, currency, customer, metadata },
    ...{ status: 'requires_payment_method', last_payment_error: null, latest_charge: null },
    ...{ payment_method: params.payment_method ?? null },
  });
  intent.client_secret = `${intent.id}_${secret}`;
  return intent;
}

/** Charges a card for it. Returns what a card was refused for. */
export function chargeIntent(
  state: State,
  intent: StripeObject,
  does: Behaviour,
): Record<string, unknown> | undefined {
  if (['succeeded', 'canceled'].includes(intent.status)) throw unexpected(intent);
  const error = describeDecline(does);
  if (error) {
    refuseCharge(state, intent, error);
    return error;
  }
  if (does === 'ASKS') {
    intent.status = 'requires_action';
    emit(state, 'payment_intent.requires_action', intent);
  } else if (does === 'DELAYS') {
    intent.status = 'processing';
    emit(state, 'payment_intent.processing', intent);
  } else succeed(state, intent);
  return undefined;
}

/** It is paid: at once, or after its holder, or a bank, has said yes. */
export function succeed(state: State, intent: StripeObject): void {
  const { amount, currency, customer, metadata } = intent;
  const charge = add(state, 'ch', 'charge', {
    ...{ amount, currency, customer, metadata: { ...metadata }, payment_intent: intent.id },
    ...{ status: 'succeeded', paid: true, captured: true, disputed: false, refunded: false },
    ...{ amount_refunded: 0, receipt_url: `https://pay.stripe.example/receipts/${intent.id}` },
  });
  Object.assign(intent, {
    ...{ status: 'succeeded', amount_received: amount, latest_charge: charge.id },
    last_payment_error: null,
  });
  emit(state, 'charge.succeeded', charge);
  emit(state, 'payment_intent.succeeded', intent);
}

export function refuseCharge(
  state: State,
  intent: StripeObject,
  error: Record<string, unknown>,
): void {
  Object.assign(intent, { status: 'requires_payment_method', last_payment_error: error });
  emit(state, 'payment_intent.payment_failed', intent);
}

/** POST /v1/payment_intents/{id}/cancel */
export function cancelIntent(state: State, id: string): StripeObject {
  const intent = need(state, id, 'payment_intent');
  if (['succeeded', 'canceled', 'processing'].includes(intent.status)) throw unexpected(intent);
  intent.status = 'canceled';
  emit(state, 'payment_intent.canceled', intent);
  return intent;
}

function unexpected({ status }: StripeObject): FakeError {
  return new FakeError(400, {
    ...{ type: 'invalid_request_error', code: 'payment_intent_unexpected_state' },
    message: `It has a status of ${status}.`,
  });
}
