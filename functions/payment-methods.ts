import { resource } from '../src/api/resource.ts';
import { owner } from '../src/api/rules.ts';
import { serve } from '../src/api/serve.ts';
import { PaymentMethod } from '../src/models/billing/payment-method.ts';
import { paymentMethodActions } from '../src/routes/payment-methods.ts';

export const paymentMethods = resource(PaymentMethod, {
  path: '/v1/payment-methods',
  can: { read: owner },
  include: ['user'],
  actions: paymentMethodActions,
});

export const handler = serve(paymentMethods);
