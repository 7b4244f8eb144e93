import { type Behaviour, describeCard, TEST_CARDS } from './cards.ts';
import {
  add,
  emit,
  FakeError,
  makeId,
  need,
  type Params,
  type State,
  type StripeObject,
} from './state.ts';

/** POST /v1/setup_intents */
export function createSetup(state: State, params: Params): StripeObject {
  const setup = add(state, 'seti', 'setup_intent', {
    ...{ customer: params.customer ?? null, usage: params.usage ?? 'off_session' },
    ...{ status: 'requires_payment_method', payment_method: null, metadata: {} },
  });
  setup.client_secret = `${setup.id}_${makeId('secret')}`;
  return setup;
}

/** What Stripe's library does in the client with a number, which no server of ours sees. */
export function finishSetup(state: State, id: string, number: string): StripeObject {
  const setup = need(state, id, 'setup_intent');
  const { type, card, does } = describeCard(number);
  const { customer } = setup;
  const method = add(state, 'pm', 'payment_method', { type, card, does, customer, metadata: {} });
  Object.assign(setup, { status: 'succeeded', payment_method: method.id });
  emit(state, 'payment_method.attached', method);
  emit(state, 'setup_intent.succeeded', setup);
  return method;
}

/** Checkout has saved the card that a subscription is paid with. */
export function saveMethod(state: State, customer: string, does: Behaviour): StripeObject {
  const [number = ''] = Object.entries(TEST_CARDS).find(([, card]) => card.does === does) ?? [];
  const { type, card } = describeCard(number);
  const method = add(state, 'pm', 'payment_method', { type, card, does, customer, metadata: {} });
  emit(state, 'payment_method.attached', method);
  return method;
}

/** POST /v1/payment_methods/{id}/detach */
export function detachMethod(state: State, id: string): StripeObject {
  const method = need(state, id, 'payment_method');
  if (!method.customer) {
    const message = 'The payment method is not attached to a customer.';
    throw new FakeError(400, { type: 'invalid_request_error', message });
  }
  method.customer = null;
  emit(state, 'payment_method.detached', method);
  return method;
}

/** The network has replaced the card. */
export function replaceCard(state: State, id: string, card: Record<string, unknown>): void {
  const method = need(state, id, 'payment_method');
  Object.assign(method.card, card);
  emit(state, 'payment_method.automatically_updated', method);
}
