import { checkCustomer, deleteCustomer, makeCustomer, updateCustomer } from './customers.ts';
import { readList } from './form.ts';
import { cancelIntent, createIntent } from './intents.ts';
import { createSetup, detachMethod } from './methods.ts';
import { createProduct } from './prices.ts';
import { createRefund } from './reversals.ts';
import { searchObjects } from './search.ts';
import { createSession, expireSession } from './sessions.ts';
import {
  FakeError,
  listObjects,
  need,
  type Params,
  type State,
  type StripeObject,
} from './state.ts';
import { endSubscription, updateSubscription, voidInvoice } from './subscriptions.ts';

/** Answers one call of the API. @throws FakeError */
export function answer(
  state: State,
  { method, path, params }: { method: string; path: string; params: Params },
): unknown {
  for (const [verb, pattern, handle] of ROUTES) {
    const found = verb === method && pattern.exec(path);
    if (found) return handle(state, params, found[1] ?? '');
  }
  throw new FakeError(404, {
    type: 'invalid_request_error',
    message: `Unrecognized request URL (${method}: ${path}).`,
  });
}

type Handle = (state: State, params: Params, id: string) => unknown;

const ROUTES: [string, RegExp, Handle][] = [
  ['POST', /^\/v1\/customers$/, makeCustomer],
  ['POST', /^\/v1\/customers\/(\w+)$/, (s, params, id) => updateCustomer(s, id, params)],
  ['DELETE', /^\/v1\/customers\/(\w+)$/, (s, _p, id) => deleteCustomer(s, id)],
  search('customers', 'customer'),
  read('customers', 'customer'),
  ['POST', /^\/v1\/checkout\/sessions$/, forCustomer(createSession)],
  ['POST', /^\/v1\/checkout\/sessions\/(\w+)\/expire$/, (s, _p, id) => expireSession(s, id)],
  read('checkout/sessions', 'checkout.session'),
  list('checkout/sessions', 'checkout.session', ['payment_intent', 'customer']),
  ['POST', /^\/v1\/payment_intents$/, forCustomer(createIntent)],
  ['POST', /^\/v1\/payment_intents\/(\w+)\/cancel$/, (s, _p, id) => cancelIntent(s, id)],
  search('payment_intents', 'payment_intent'),
  read('payment_intents', 'payment_intent'),
  list('payment_intents', 'payment_intent', ['customer']),
  ['POST', /^\/v1\/setup_intents$/, forCustomer(createSetup)],
  ['POST', /^\/v1\/payment_methods\/(\w+)\/detach$/, (s, _p, id) => detachMethod(s, id)],
  read('payment_methods', 'payment_method'),
  ['POST', /^\/v1\/refunds$/, createRefund],
  list('refunds', 'refund', ['payment_intent']),
  list('disputes', 'dispute', ['payment_intent', 'charge']),
  read('charges', 'charge'),
  list('charges', 'charge', ['payment_intent', 'customer']),
  ['POST', /^\/v1\/products$/, createProduct],
  ['POST', /^\/v1\/subscriptions\/(\w+)$/, (s, params, id) => updateSubscription(s, id, params)],
  ['DELETE', /^\/v1\/subscriptions\/(\w+)$/, (s, _p, id) => endSubscription(s, id)],
  read('subscriptions', 'subscription'),
  read('invoices', 'invoice'),
  ['POST', /^\/v1\/invoices\/(\w+)\/void$/, (s, _p, id) => voidInvoice(s, id)],
  ['GET', /^\/v1\/invoices$/, listInvoices],
  ['GET', /^\/v1\/events$/, (s, params) => listEvents(s, params)],
];

function forCustomer(handle: Handle): Handle {
  return (state, params, id) => {
    checkCustomer(state, params);
    return handle(state, params, id);
  };
}

function read(name: string, object: string): [string, RegExp, Handle] {
  const pattern = new RegExp(`^/v1/${name}/(\\w+)$`);
  return ['GET', pattern, (s, { expand }, id) => fill(s, need(s, id, object), readList(expand))];
}

function search(name: string, object: string): [string, RegExp, Handle] {
  const pattern = new RegExp(`^/v1/${name}/search$`);
  return ['GET', pattern, (state, params) => searchObjects(state, params, { name, object })];
}

function list(name: string, object: string, filters: string[]): [string, RegExp, Handle] {
  const pattern = new RegExp(`^/v1/${name}$`);
  return [
    'GET',
    pattern,
    (state, params) => {
      const isWanted = (one: StripeObject) =>
        filters.every((by) => params[by] === undefined || one[by] === params[by]);
      const page = cutPage(listObjects(state, object).filter(isWanted), params, name);
      const inner = readList(params.expand).map((path) => path.replace(/^data\./, ''));
      return { ...page, data: page.data.map((one) => fill(state, one, inner)) };
    },
  ];
}

/** Those of a subscription, by what their parent says. */
function listInvoices(state: State, params: Params): unknown {
  const { subscription, status } = params;
  const isWanted = (one: StripeObject) =>
    (!status || one.status === status) &&
    (!subscription || one.parent?.subscription_details?.subscription === subscription);
  return cutPage(listObjects(state, 'invoice').filter(isWanted), params, 'invoices');
}

function listEvents(state: State, params: Params): unknown {
  const types = readList(params.types);
  const wanted = state.events.filter(({ type }) => types.length === 0 || types.includes(type));
  return cutPage(wanted.toReversed(), params, 'events');
}

/** A page, the newest first. */
function cutPage(all: StripeObject[], params: Params, name: string) {
  const { gte = 0, lt = Number.POSITIVE_INFINITY, lte = lt } = params.created ?? {};
  const dated = all.filter(
    ({ created }) => created >= Number(gte) && created < Number(lt) && created <= Number(lte),
  );
  const { starting_after: after, limit = 10 } = params;
  if (after && !all.some(({ id }) => id === after)) throw refuseUnknown(name, after);
  const begin = after ? dated.findIndex(({ id }) => id === after) + 1 : 0;
  const data = dated.slice(begin, begin + Number(limit));
  const has_more = begin + data.length < dated.length;
  return { object: 'list', url: `/v1/${name}`, data, has_more };
}

function refuseUnknown(name: string, id: unknown): FakeError {
  const about = {
    type: 'invalid_request_error',
    code: 'resource_missing',
    param: 'starting_after',
  };
  return new FakeError(400, { ...about, message: `No such ${name}: '${id}'` });
}

/** Puts objects in the place of their ids, along paths such as `payment_intent.latest_charge`. */
function fill(state: State, object: StripeObject, paths: string[]): StripeObject {
  const made = structuredClone(object);
  for (const path of paths) {
    const [first, ...rest] = path.split('.') as [string, ...string[]];
    const inner = typeof made[first] === 'string' ? state.objects.get(made[first]) : made[first];
    if (inner) made[first] = fill(state, inner, rest.length > 0 ? [rest.join('.')] : []);
  }
  return made;
}
