import type { Ctx } from '../../context.ts';
import type { UUID } from '../../data/ids.ts';
import { findOne, WHOLE } from '../../data/read.ts';
import { insert, update } from '../../data/write.ts';
import { AppError, invalid } from '../../errors.ts';
import { Payment, type PaymentDoc } from '../../models/billing/payment.ts';
import { PaymentMethod } from '../../models/billing/payment-method.ts';
import { findMade } from './find-made.ts';
import { type Checkout, type Opened, openCheckout } from './open-checkout.ts';
import { findPrice } from './packages.ts';
import { settlePayment } from './settle.ts';
import { callStripe, describeRefusal, StripeRefusal } from './stripe.ts';

/** What somebody wants to buy, and how they pay. */
export interface Purchase {
  user: UUID;
  package: string;
  currency?: string;
  flow?: 'CHECKOUT' | 'INTENT';
  /** A saved method is charged at once. */
  paymentMethod?: UUID;
  /** The id of the payment, where it was chosen before. */
  _id?: UUID;
}

/**
 * Begins a payment. It is stored before Stripe hears of it, so that whatever Stripe tells has a payment that
 * it is about, and an outcome that never arrived can be looked up.
 * @throws AppError VALIDATION_FAILED, UNAVAILABLE
 */
export async function buyCredits(
  ctx: Ctx,
  purchase: Purchase,
): Promise<{ payment: PaymentDoc; checkout: Checkout }> {
  const { _id, user, paymentMethod, flow = 'CHECKOUT' } = purchase;
  const price = findPrice(purchase.package, purchase.currency);
  if (paymentMethod) await checkMethod(ctx, user, paymentMethod);
  const stored = await insert(ctx, Payment, {
    ...price,
    user,
    ...(_id && { _id }),
    flow: paymentMethod ? 'OFF_SESSION' : flow,
    ...(paymentMethod && { paymentMethod }),
  });
  const opened = await openOrFail(ctx, stored);
  if (!opened) return { payment: await reload(ctx, stored), checkout: {} };
  await noteOpened(ctx, stored, opened);
  // A saved method that was charged has its outcome already.
  if (paymentMethod) await settlePayment(ctx, stored._id);
  return { payment: await reload(ctx, stored), checkout: opened.checkout };
}

/** Where the client goes on with a payment that is open. @throws AppError INVALID_STATE */
export async function findCheckout(ctx: Ctx, { _id }: PaymentDoc): Promise<Checkout> {
  const payment = await findOne(ctx, Payment, { _id }, WHOLE);
  const { providerId, status } = payment ?? {};
  if (status !== 'PENDING') {
    throw new AppError(
      'INVALID_STATE',
      `The payment is ${status ?? 'gone'}: nothing is to be paid.`,
    );
  }
  if (!providerId) {
    throw new AppError(
      'INVALID_STATE',
      'Whether the provider has this payment is being looked up.',
    );
  }
  try {
    return await fetchCheckout(payment?.flow === 'CHECKOUT', providerId);
  } catch (error) {
    if (!(error instanceof StripeRefusal)) throw error;
    const message = 'The payment provider knows no such payment.';
    throw new AppError('INVALID_STATE', message, { cause: error });
  }
}

async function fetchCheckout(isSession: boolean, providerId: string): Promise<Checkout> {
  if (isSession) {
    const { url } = await callStripe((stripe) => stripe.checkout.sessions.retrieve(providerId));
    return url ? { url } : {};
  }
  const intent = await callStripe((stripe) => stripe.paymentIntents.retrieve(providerId));
  return intent.client_secret ? { clientSecret: intent.client_secret } : {};
}

/** Notes what Stripe made for a payment, once. */
export async function noteOpened(ctx: Ctx, { _id }: PaymentDoc, opened: Opened): Promise<void> {
  const { providerId, intentId } = opened;
  const isNew = { _id, providerId: { $exists: false } };
  await update(ctx, Payment, isNew, { set: { providerId, ...(intentId && { intentId }) } }, 'open');
}

/**
 * Opens a payment at Stripe; one that Stripe refuses has failed. But not for what has changed since it was opened
 * by a call that was never answered, such as a method that is gone: it is what Stripe made then.
 */
export async function openOrFail(ctx: Ctx, payment: PaymentDoc): Promise<Opened | undefined> {
  try {
    return await openCheckout(ctx, payment);
  } catch (error) {
    if (!(error instanceof StripeRefusal)) throw error;
    const made = await findMade(ctx, payment);
    if (made) return made;
    ctx.log.warn('Stripe refused a payment.', { error });
    await failUnopened(ctx, payment, describeRefusal(error));
    return undefined;
  }
}

/** Notes that a payment has failed of which Stripe has nothing, unless that was told meanwhile. */
export async function failUnopened(
  ctx: Ctx,
  { _id }: PaymentDoc,
  error: { code: string; message: string },
): Promise<void> {
  const unopened = { _id, status: 'PENDING', providerId: { $exists: false } };
  await update(ctx, Payment, unopened, { set: { status: 'FAILED', error } }, 'fail');
}

/** @throws AppError VALIDATION_FAILED unless it is a method of the user */
export async function checkMethod(ctx: Ctx, user: UUID, _id: UUID): Promise<void> {
  const found = await findOne(ctx, PaymentMethod, { _id, user }, { projection: { _id: 1 } });
  if (!found) throw invalid([{ path: 'paymentMethod', message: 'is no payment method of yours' }]);
}

async function reload(ctx: Ctx, { _id }: PaymentDoc): Promise<PaymentDoc> {
  const found = await findOne(ctx, Payment, { _id });
  if (!found) throw new AppError('NOT_FOUND', 'The payment is gone.');
  return found;
}
