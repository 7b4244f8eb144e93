import type { Route } from '../../api/http/route.ts';
import { receiveEvent } from '../../services/payments/receive-event.ts';
import { verifyEvent } from '../../services/payments/verify-event.ts';

/** Webhooks that providers call. */
export const webhookRoutes: Route[] = [
  {
    method: 'POST',
    path: '/v1/webhooks/stripe',
    id: 'receiveStripeEvent',
    summary: 'Receive an event from Stripe, signed by `Stripe-Signature`.',
    tag: 'Webhooks',
    access: 'anyone',
    takesBytes: true,
    success: { 200: { description: 'It is stored, or was before; its consequences follow.' } },
    codes: ['BAD_REQUEST'],
    handle: async (ctx, { bytes, headers }) => {
      const event = await verifyEvent(ctx, bytes, headers['stripe-signature']);
      const provider = { kind: 'PROVIDER', name: 'stripe' } as const;
      await receiveEvent({ ...ctx, actor: provider }, event, 'WEBHOOK');
      return { status: 200 };
    },
  },
];
