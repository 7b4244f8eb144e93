import {
  add,
  FakeError,
  type Params,
  requireParams,
  type State,
  type StripeObject,
} from './state.ts';

/** POST /v1/products, with an id of our own. */
export function createProduct(state: State, { id, name }: Params): StripeObject {
  if (state.objects.has(id)) {
    const message = `Product already exists. ID: ${id}`;
    const code = 'resource_already_exists';
    throw new FakeError(400, { type: 'invalid_request_error', code, message, param: 'id' });
  }
  const product = add(state, 'prod', 'product', { name, active: true });
  if (id) {
    state.objects.delete(product.id);
    state.objects.set(id, Object.assign(product, { id }));
  }
  return product;
}

/** The price that `price_data` of an item describes. */
export function makePrice(state: State, data: Params): StripeObject {
  requireParams(data, 'currency', 'product', 'recurring', 'unit_amount');
  const { currency, product, recurring, unit_amount } = data;
  const { interval, interval_count = 1 } = recurring;
  return add(state, 'price', 'price', {
    ...{ currency, product, unit_amount: Number(unit_amount), type: 'recurring', active: true },
    recurring: { interval, interval_count: Number(interval_count) },
  });
}
