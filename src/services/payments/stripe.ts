import type Stripe from 'stripe';
import { config } from '../../config.ts';
import { AppError } from '../../errors.ts';

/** The version of Stripe's API that this code was written for. */
const API_VERSION = '2026-10-28.endive';
/** Of one try, in ms; there are two, and somebody waits for at most two calls. */
const TIMEOUT = 4000;

let client: Promise<Stripe> | undefined;

/**
 * Stripe's own library, or what answers in its place at `STRIPE_API_BASE`.
 * @throws AppError UNAVAILABLE where no key is configured
 */
export function getStripe(): Promise<Stripe> {
  client ??= openClient();
  return client;
}

async function openClient(): Promise<Stripe> {
  const { stripe } = config;
  if (!stripe) {
    client = undefined;
    throw new AppError('UNAVAILABLE', 'No payment provider is configured.');
  }
  // Large, and needed by few functions: a chunk of its own.
  const { default: Library } = await import('stripe');
  const base = stripe.apiBase ? new URL(stripe.apiBase) : undefined;
  return new Library(stripe.secretKey, {
    apiVersion: API_VERSION,
    timeout: TIMEOUT,
    maxNetworkRetries: 1,
    telemetry: false,
    ...(base && {
      host: base.hostname,
      port: base.port || (base.protocol === 'http:' ? 80 : 443),
      protocol: base.protocol === 'http:' ? 'http' : 'https',
    }),
  });
}

/** A refusal by Stripe of what it was asked for; any other failure is an outage. */
export class StripeRefusal extends Error {
  override readonly name = 'StripeRefusal';
  readonly code: string;
  /** Whether the message is for the holder of a card; else it is for our log alone. */
  readonly isOfCard: boolean;
  /** The PaymentIntent that a card was refused for. */
  readonly intent: string | undefined;
  /** The parameter that is at fault. */
  readonly param: string | undefined;

  constructor(
    code: string,
    message: string,
    about: { isOfCard?: boolean; intent?: string; param?: string } = {},
  ) {
    super(message);
    this.code = code;
    this.isOfCard = about.isOfCard ?? false;
    this.intent = about.intent;
    this.param = about.param;
  }
}

/** What the payer is told of a refusal: of a card Stripe's own words, else that it was refused, and no more. */
export function describeRefusal({ message, isOfCard }: StripeRefusal): {
  code: string;
  message: string;
} {
  const shown = isOfCard ? message : 'The payment provider refuses this.';
  return { code: 'REFUSED', message: shown.slice(0, 1000) };
}

/** The cause of an outage that the same idempotency key would only be answered with again. */
class SpentKey extends Error {
  override readonly name = 'SpentKey';
}

/**
 * Calls Stripe. The library's errors hold whole objects, with client secrets in them, so nothing of them
 * goes on but the type, the code and Stripe's id of the request.
 * @throws StripeRefusal; AppError UNAVAILABLE where the outcome is unknown
 */
export async function callStripe<T>(call: (stripe: Stripe) => Promise<T>): Promise<T> {
  const stripe = await getStripe();
  try {
    return await call(stripe);
  } catch (error) {
    throw translate(error);
  }
}

/** Calls Stripe for something that its state may forbid. @throws AppError INVALID_STATE, UNAVAILABLE */
export async function callOrRefuse<T>(call: (stripe: Stripe) => Promise<T>): Promise<T> {
  try {
    return await callStripe(call);
  } catch (error) {
    if (!(error instanceof StripeRefusal)) throw error;
    const message = `The payment provider refuses: ${error.code}.`;
    throw new AppError('INVALID_STATE', message, { cause: error });
  }
}

type Failure = {
  type?: string;
  code?: string;
  decline_code?: string;
  message?: string;
  requestId?: string;
  statusCode?: number;
  param?: string;
  payment_intent?: { id?: string };
  headers?: Record<string, string | undefined>;
};

/** What Stripe refuses for good; all others may have been done, or may succeed later. */
const REFUSALS = ['StripeCardError', 'StripeInvalidRequestError'];

function translate(error: unknown): unknown {
  const failure = error as Failure;
  if (!failure.type?.startsWith('Stripe')) return error;
  const { type, statusCode, requestId } = failure;
  const code = failure.decline_code ?? failure.code ?? type;
  const text = `${type} ${code} (status ${statusCode ?? 'none'}, request ${requestId ?? 'none'})`;
  // 409: another call by the same key is still running, and what becomes of that nobody knows yet.
  if (REFUSALS.includes(type) && statusCode !== 409) {
    const isOfCard = type === 'StripeCardError' && failure.message !== undefined;
    const intent = failure.payment_intent?.id;
    const { param } = failure;
    const about = { isOfCard, ...(intent && { intent }), ...(param && { param }) };
    return new StripeRefusal(code, isOfCard ? (failure.message as string) : text, about);
  }
  const cause = isAnswered(failure) ? new SpentKey(text) : new Error(text);
  return new AppError('UNAVAILABLE', 'The payment provider cannot be reached.', {
    retryAfter: 5,
    cause,
  });
}

/** Whether Stripe refused because there is no such object. */
export function isMissing(error: unknown): boolean {
  return error instanceof StripeRefusal && error.code === 'resource_missing';
}

/** Calls Stripe for an object; undefined where it has none of that id. @throws StripeRefusal; AppError UNAVAILABLE */
export async function callOrMiss<T>(call: (stripe: Stripe) => Promise<T>): Promise<T | undefined> {
  try {
    return await callStripe(call);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Whether an idempotency key can bring nothing any more: see `make-once.ts`. */
export function isKeySpent(error: unknown): boolean {
  return error instanceof AppError && error.cause instanceof SpentKey;
}

/**
 * Stripe keeps the first answer to a key for a day, an error of its own among them; and it takes no other
 * parameters by that key.
 */
function isAnswered({ type, statusCode = 0, headers }: Failure): boolean {
  if (type === 'StripeIdempotencyError') return true;
  return statusCode >= 500 && headers?.['idempotent-replayed'] === 'true';
}
