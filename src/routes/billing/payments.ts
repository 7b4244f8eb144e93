import Joi from 'joi';
import type { Route } from '../../api/http/route.ts';
import { limitText } from '../../api/resource/input.ts';
import { notYet, notYetCreate } from '../../api/resource/not-yet.ts';
import { Payment } from '../../models/billing/payment.ts';
import { admin } from '../../rules.ts';

const common = { method: 'POST', tag: 'Payments' } as const;
const NO_PROVIDER = 'No payment provider can be reached yet.';

/** Buying credits, and refunds. */
export const paymentActions: Route[] = [
  notYetCreate(
    Payment,
    { path: '/v1/payments', summary: 'Buy a package of credits.' },
    NO_PROVIDER,
  ),
  notYet(
    {
      ...common,
      access: 'admin',
      path: '/v1/payments/{id}/refund',
      id: 'refundPayment',
      summary: 'Refund a payment, or a part of it.',
      body: Joi.object({
        amount: Joi.number().strict().integer().min(1),
        reason: limitText(500),
      }),
    },
    NO_PROVIDER,
    { entity: Payment, rule: admin },
  ),
];
