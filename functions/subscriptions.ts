import { serve } from '../src/api/http/serve.ts';
import { resource } from '../src/api/resource/resource.ts';
import { Subscription } from '../src/models/billing/subscription.ts';
import { subscriptionActions } from '../src/routes/billing/subscriptions.ts';
import { owner } from '../src/rules.ts';

export const subscriptions = resource(Subscription, {
  path: '/v1/subscriptions',
  can: { read: owner },
  include: ['user'],
  actions: subscriptionActions,
});

export const handler = serve(subscriptions);
