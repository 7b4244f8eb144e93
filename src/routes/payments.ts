import Joi from 'joi';
import { bodyOf } from '../api/input.ts';
import { notYet } from '../api/not-yet.ts';
import type { Route } from '../api/route.ts';
import { admin } from '../api/rules.ts';
import { ownedFields } from '../api/verbs.ts';
import { Payment } from '../models/billing/payment.ts';

const common = { method: 'POST', tag: 'Payments' } as const;
const NO_PROVIDER = 'No payment provider can be reached yet.';

/** Paying for credits, and giving the money back. */
export const paymentActions: Route[] = [
  notYet(
    {
      ...common,
      access: 'user',
      path: '/v1/payments',
      id: 'createPayment',
      summary: 'Buy a package of credits.',
      body: bodyOf(Payment.shape, 'create'),
      owned: ownedFields(Payment, 'create'),
    },
    NO_PROVIDER,
  ),
  notYet(
    {
      ...common,
      access: 'admin',
      path: '/v1/payments/{id}/refund',
      id: 'refundPayment',
      summary: 'Give the money of a payment back, or a part of it.',
      body: Joi.object({
        amount: Joi.number().strict().integer().min(1),
        reason: Joi.string().max(500),
      }),
    },
    NO_PROVIDER,
    { entity: Payment, rule: admin },
  ),
];
