import type Stripe from 'stripe';
import { isHandled } from './event-types.ts';
import { readId } from './read-id.ts';

/** As long as ids and types are stored. */
const LONGEST = 255;
/** The last second that a date can have. */
const LAST_SECOND = 8.64e12;

/** Whether it has the shape of an event: of one that changes something here, as far as that is read. */
export function isEvent(value: unknown): value is Stripe.Event {
  const { id, type, created, data } = (value ?? {}) as Partial<Stripe.Event>;
  const object: unknown = data?.object;
  if (!isName(id) || !isName(type) || !isTime(created) || !object) return false;
  // Some that change nothing here are about what has no id, such as a balance.
  return !isHandled(type) || isNamed(object);
}

function isNamed(object: object): boolean {
  const { id, payment_intent, payment_method } = object as Record<string, unknown>;
  const others = [payment_intent, payment_method].filter(
    (one) => one !== undefined && one !== null,
  );
  return isName(id) && others.every((one) => isName(readId(one as string | { id: string })));
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= LONGEST;
}

function isTime(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= LAST_SECOND;
}
