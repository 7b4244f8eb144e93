import { serve } from '../src/api/http/serve.ts';
import { resource } from '../src/api/resource/resource.ts';
import { PaymentMethod } from '../src/models/billing/payment-method.ts';
import { paymentMethodActions } from '../src/routes/billing/payment-methods.ts';
import { owner } from '../src/rules.ts';

export const paymentMethods = resource(PaymentMethod, {
  path: '/v1/payment-methods',
  can: { read: owner },
  include: ['user'],
  actions: paymentMethodActions,
});

export const handler = serve(paymentMethods);
