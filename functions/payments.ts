import { resource } from '../src/api/resource.ts';
import { owner } from '../src/api/rules.ts';
import { serve } from '../src/api/serve.ts';
import { Payment } from '../src/models/billing/payment.ts';
import { paymentActions } from '../src/routes/payments.ts';

export const payments = resource(Payment, {
  path: '/v1/payments',
  can: { read: owner },
  include: ['user', 'paymentMethod', 'transactions'],
  actions: paymentActions,
});

export const handler = serve(payments);
