import type { Route } from '../../api/http/route.ts';
import { notYet } from '../../api/resource/not-yet.ts';
import { PaymentMethod } from '../../models/billing/payment-method.ts';
import { owner } from '../../rules.ts';

const common = { tag: 'PaymentMethods', access: 'user' } as const;
const NO_PROVIDER = 'No payment provider can be reached yet.';

/** Adding a means of payment, and taking it away: both are the provider's to do. */
export const paymentMethodActions: Route[] = [
  notYet(
    {
      ...common,
      method: 'POST',
      path: '/v1/payment-methods/setup',
      id: 'setUpPaymentMethod',
      summary: 'Begin to add a card.',
    },
    NO_PROVIDER,
  ),
  notYet(
    {
      ...common,
      method: 'DELETE',
      path: '/v1/payment-methods/{id}',
      id: 'deletePaymentMethod',
      summary: 'Take a card away.',
    },
    NO_PROVIDER,
    { entity: PaymentMethod, rule: owner },
  ),
];
