import type { Route } from '../../api/http/route.ts';
import { notYet } from '../../api/resource/not-yet.ts';

/** Where providers tell us what happened. */
export const webhookRoutes: Route[] = [
  notYet(
    {
      method: 'POST',
      path: '/v1/webhooks/stripe',
      id: 'receiveStripeEvent',
      summary: 'Be told of an event by Stripe.',
      tag: 'Webhooks',
      access: 'anyone',
    },
    'No payment provider can be reached yet.',
  ),
];
