import type { Route } from '../../api/http/route.ts';
import { notYet } from '../../api/resource/not-yet.ts';
import { PaymentMethod } from '../../models/billing/payment-method.ts';
import { owner } from '../../rules.ts';

const common = { tag: 'PaymentMethods', access: 'user' } as const;
const NO_PROVIDER = 'No payment provider can be reached yet.';

/** Adding and removing a payment method, which the payment provider does. */
export const paymentMethodActions: Route[] = [
  notYet(
    {
      ...common,
      method: 'POST',
      path: '/v1/payment-methods/setup',
      id: 'setUpPaymentMethod',
      summary: 'Start to add a card.',
    },
    NO_PROVIDER,
  ),
  notYet(
    {
      ...common,
      method: 'DELETE',
      path: '/v1/payment-methods/{id}',
      id: 'deletePaymentMethod',
      summary: 'Remove a card.',
    },
    NO_PROVIDER,
    { entity: PaymentMethod, rule: owner },
  ),
];
