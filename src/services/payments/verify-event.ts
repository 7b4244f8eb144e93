import type Stripe from 'stripe';
import { config } from '../../config.ts';
import type { Ctx } from '../../context.ts';
import { AppError } from '../../errors.ts';
import { isEvent } from './event-shape.ts';
import { getStripe } from './stripe.ts';

/** How old a signature may be, and how far ahead of this clock, in s. */
const TOLERANCE = 300;

/**
 * Verifies that an event comes from our account at Stripe, in the mode of our key, and was signed just now.
 * @param bytes the body as it was sent: written anew, it would have another signature
 * @throws AppError BAD_REQUEST, UNAVAILABLE
 */
export async function verifyEvent(
  ctx: Ctx,
  bytes: Buffer,
  header: string | undefined,
): Promise<Stripe.Event> {
  const stripe = await getStripe();
  if (!header) throw refuse('There is no Stripe-Signature.');
  checkAhead(ctx, header);
  for (const secret of config.stripe?.webhookSecrets ?? []) {
    try {
      // Only the library's own answer to a wrong signature lets the next secret be tried.
      const at = ctx.clock();
      const event = stripe.webhooks.constructEvent(bytes, header, secret, TOLERANCE, undefined, at);
      return checkOrigin(event);
    } catch (error) {
      if (error instanceof SyntaxError) throw refuse('This is no event.');
      if (!isBadSignature(error)) throw error;
    }
  }
  throw refuse('The signature is not valid, or too old.');
}

/** The library accepts any time to come: a signature that leaked could be kept for years. */
function checkAhead(ctx: Ctx, header: string): void {
  if (!(readTime(header) <= ctx.clock() / 1000 + TOLERANCE)) {
    throw refuse('The time of the signature is missing, there twice, or still to come.');
  }
}

/** The one time of a signature, in s; NaN of several, of which the library would take the last one. */
function readTime(header: string): number {
  const [time = '', ...others] = header.split(',').filter((item) => /^\s*t\s*(=|$)/i.test(item));
  return others.length > 0 ? Number.NaN : Number(/^t=(\d{1,15})$/.exec(time)?.[1]);
}

/** @throws AppError BAD_REQUEST for what is no event, one of the other mode, or of an account connected to ours */
export function checkOrigin(event: Stripe.Event): Stripe.Event {
  if (!isEvent(event)) throw refuse('This is no event.');
  const { livemode, account } = event;
  if (livemode !== config.stripe?.isLive) throw refuse('This event is of the other mode.');
  if (account) throw refuse('This event is of another account.');
  return event;
}

function isBadSignature(error: unknown): boolean {
  return (error as { type?: string }).type === 'StripeSignatureVerificationError';
}

function refuse(message: string): AppError {
  return new AppError('BAD_REQUEST', message);
}
