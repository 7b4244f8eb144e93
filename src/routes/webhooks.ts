import { notYet } from '../api/not-yet.ts';
import type { Route } from '../api/route.ts';

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
