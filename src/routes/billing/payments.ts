import Joi from 'joi';
import { addLazyParts, type Route } from '../../api/http/route.ts';
import { documentSchema, documentWith } from '../../api/openapi/schemas.ts';
import { answerCreated, answerDocument } from '../../api/resource/answer.ts';
import { createRoute } from '../../api/resource/document-routes.ts';
import { idSchema, limitText } from '../../api/resource/input.ts';
import { applyRule, findNamed } from '../../api/resource/verbs.ts';
import { UUID } from '../../data/ids.ts';
import { Payment } from '../../models/billing/payment.ts';
import { admin, owner } from '../../rules.ts';
import { buyCredits, findCheckout } from '../../services/payments/buy.ts';
import { refundPayment } from '../../services/payments/refund.ts';
import { checkoutSchema } from './checkout-schema.ts';

const path = '/v1/payments';
const common = { method: 'POST', tag: 'Payments' } as const;

interface Bought {
  package: string;
  currency?: string;
  flow?: 'CHECKOUT' | 'INTENT';
  paymentMethod?: string;
}

const purchaseBody = Joi.object({
  package: Joi.string().max(64).required().description('One of `GET /v1/credit-packages`.'),
  currency: Joi.string()
    .uppercase()
    .pattern(/^[A-Z]{3}$/)
    .description('One that the package is sold in; its first unless given.'),
  flow: Joi.string()
    .uppercase()
    .valid('CHECKOUT', 'INTENT')
    .description("`CHECKOUT`, the default: the provider's page. `INTENT`: in the client."),
  paymentMethod: idSchema().description('The id of a PaymentMethod.'),
});

const buyRoute = Object.assign(createRoute(Payment, { path, rule: owner }), {
  summary: 'Buy a package of credits; a saved `paymentMethod` is charged at once.',
  example: { package: 'SMALL' },
  success: {
    201: {
      description: 'The payment, and where to pay.',
      schema: documentWith('CreatedPayment', Payment, { checkout: checkoutSchema }),
    },
  },
  handle: async (ctx, { body }) => {
    const { paymentMethod, ...bought } = body as unknown as Bought;
    const { user } = applyRule(owner, ctx.actor) as { user: UUID };
    const method = paymentMethod && { paymentMethod: new UUID(paymentMethod) };
    const { payment, checkout } = await buyCredits(ctx, { user, ...bought, ...method });
    return answerCreated(path, Payment, payment, { checkout });
  },
} satisfies Partial<Route>);

/** Buying credits, and refunds. */
export const paymentActions: Route[] = [
  addLazyParts(buyRoute, { body: () => purchaseBody }),
  {
    ...common,
    path: `${path}/{id}/checkout`,
    id: 'resumePayment',
    summary: 'Go on with a payment that is pending.',
    access: 'user',
    success: { 200: { description: 'Where to pay.', schema: checkoutSchema } },
    codes: ['NOT_FOUND', 'INVALID_STATE'],
    handle: async (ctx, request) => {
      const payment = await findNamed(ctx, { entity: Payment, rule: owner }, request);
      return { status: 200, json: await findCheckout(ctx, payment) };
    },
  },
  {
    ...common,
    access: 'admin',
    path: `${path}/{id}/refund`,
    id: 'refundPayment',
    summary: 'Refund a payment, or a part of it.',
    body: Joi.object({
      amount: Joi.number().strict().integer().min(1),
      reason: limitText(500),
    }),
    isBodyOptional: true,
    needsKey: true,
    success: { 200: { description: 'The payment.', schema: documentSchema(Payment) } },
    codes: ['NOT_FOUND', 'INVALID_STATE'],
    handle: async (ctx, request) => {
      const named = await findNamed(ctx, { entity: Payment, rule: admin }, request);
      return answerDocument(200, Payment, await refundPayment(ctx, named, request.body));
    },
  },
];
