import { serve } from '../src/api/http/serve.ts';
import { resource } from '../src/api/resource/resource.ts';
import { Payment } from '../src/models/billing/payment.ts';
import { paymentActions } from '../src/routes/billing/payments.ts';
import { owner } from '../src/rules.ts';

export const payments = resource(Payment, {
  path: '/v1/payments',
  can: { read: owner },
  include: ['user', 'paymentMethod', 'transactions'],
  actions: paymentActions,
});

export const handler = serve(payments);
