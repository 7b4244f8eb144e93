import { detachMethod } from './methods.ts';
import {
  add,
  emit,
  FakeError,
  listObjects,
  type Params,
  type State,
  type StripeObject,
} from './state.ts';
import { endSubscription } from './subscriptions.ts';

/** POST /v1/customers */
export function makeCustomer(state: State, { email = null, metadata = {} }: Params): StripeObject {
  return add(state, 'cus', 'customer', { email, metadata });
}

/** POST /v1/customers/{id} */
export function updateCustomer(state: State, id: string, { email }: Params): StripeObject {
  return Object.assign(needCustomer(state, id), { email });
}

/** DELETE /v1/customers/{id}, and what somebody does in Stripe's dashboard. Only its id is left of it. */
export function deleteCustomer(state: State, id: string): StripeObject {
  const customer = needCustomer(state, id);
  for (const one of listObjects(state, 'subscription')) {
    if (one.customer === id && one.status !== 'canceled') endSubscription(state, one.id);
  }
  for (const one of listObjects(state, 'payment_method')) {
    if (one.customer === id) detachMethod(state, one.id);
  }
  emit(state, 'customer.deleted', customer);
  return Object.assign(customer, { deleted: true });
}

/** @throws FakeError unless whoever pays is a customer */
export function checkCustomer(state: State, { customer }: Params): void {
  if (customer !== undefined) needCustomer(state, customer, 'customer');
}

function needCustomer(state: State, id: string, param = 'id'): StripeObject {
  const customer = state.objects.get(id);
  if (customer?.object === 'customer' && !customer.deleted) return customer;
  throw new FakeError(404, {
    ...{ type: 'invalid_request_error', code: 'resource_missing', param },
    message: `No such customer: '${id}'`,
  });
}
