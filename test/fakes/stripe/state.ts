import { randomBytes } from 'node:crypto';

/** An object of Stripe's API, as its JSON has it. */
// biome-ignore lint/suspicious/noExplicitAny: what Stripe's many objects hold is written down nowhere here
export type StripeObject = Record<string, any> & { id: string; object: string };

/** An event as it is listed and sent. */
export type StripeEvent = StripeObject & { type: string; created: number };

/** All that the fake knows. Nothing of it outlives the process. */
export interface State {
  /** By id, in the order in which they were made. */
  objects: Map<string, StripeObject>;
  events: StripeEvent[];
  /** What its clock is ahead of this machine's, in s. */
  ahead: number;
  /** When its clock was stopped, in s, so that it only goes on by `ahead`. */
  stoppedAt: number | undefined;
  livemode: boolean;
  /** Where its pages are. */
  page: string;
  /** The status that the next refunds begin with. */
  refundStatus: 'succeeded' | 'pending';
  /** Told of each new event. */
  listeners: ((event: StripeEvent) => void)[];
  /** The key of the request that is being handled, which its events name. */
  idempotencyKey: string | null;
}

export function createState(): State {
  return {
    ...{
      objects: new Map(),
      events: [],
      ahead: 0,
      livemode: false,
      stoppedAt: undefined,
      page: '',
      refundStatus: 'succeeded',
    },
    ...{ listeners: [], idempotencyKey: null },
  };
}

/** The time of the fake, in s. */
export function readClock({ ahead, stoppedAt }: State): number {
  return (stoppedAt ?? Math.floor(Date.now() / 1000)) + ahead;
}

export function makeId(prefix: string): string {
  return `${prefix}_${randomBytes(12).toString('hex')}`;
}

/** Adds an object, with an id of its kind. */
export function add(
  state: State,
  prefix: string,
  object: string,
  values: Record<string, unknown>,
): StripeObject {
  const { livemode } = state;
  const made = { id: makeId(prefix), object, created: readClock(state), livemode, ...values };
  state.objects.set(made.id, made);
  return made;
}

/** @throws FakeError as Stripe refuses an id that it does not know */
export function need(state: State, id: unknown, object: string): StripeObject {
  const found = state.objects.get(String(id));
  if (found?.object === object) return found;
  throw new FakeError(404, {
    ...{ type: 'invalid_request_error', code: 'resource_missing', param: 'id' },
    message: `No such ${object}: '${id}'`,
  });
}

export function listObjects(state: State, object: string): StripeObject[] {
  return [...state.objects.values()].filter((one) => one.object === object).reverse();
}

/** Records an event with the object as it is now. */
export function emit(state: State, type: string, object: StripeObject): StripeEvent {
  const event = {
    ...{ id: makeId('evt'), object: 'event', type, created: readClock(state) },
    ...{ livemode: state.livemode, api_version: '2026-10-28.endive', pending_webhooks: 1 },
    request: { id: null, idempotency_key: state.idempotencyKey },
    data: { object: structuredClone(object) },
  };
  state.events.push(event);
  for (const listen of state.listeners) listen(event);
  return event;
}

/** An error as Stripe answers it. */
export class FakeError extends Error {
  readonly status: number;
  readonly body: Record<string, unknown>;
  constructor(status: number, body: Record<string, unknown>) {
    super(String(body.message));
    this.status = status;
    this.body = body;
  }
}

/** @throws FakeError unless all of these were sent */
export function requireParams(params: Params, ...names: string[]): void {
  const missing = names.find((name) => params[name] === undefined);
  if (!missing) return;
  const message = `Missing required param: ${missing}.`;
  const code = 'parameter_missing';
  throw new FakeError(400, { type: 'invalid_request_error', code, param: missing, message });
}

/** Parameters of a request, as `parseForm` reads them. */
// biome-ignore lint/suspicious/noExplicitAny: nested to any depth
export type Params = Record<string, any>;
