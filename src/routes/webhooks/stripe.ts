import type { Route } from '../../api/http/route.ts';
import { notYet } from '../../api/resource/not-yet.ts';

/** Webhooks that providers call. */
export const webhookRoutes: Route[] = [
  notYet(
    {
      method: 'POST',
      path: '/v1/webhooks/stripe',
      id: 'receiveStripeEvent',
      summary: 'Receive an event from Stripe.',
      tag: 'Webhooks',
      access: 'anyone',
    },
    'No payment provider can be reached yet.',
  ),
];
