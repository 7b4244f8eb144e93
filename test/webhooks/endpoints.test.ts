import '../harness/place.ts';
import { webhookEndpoints } from '../../functions/webhook-endpoints.ts';
import { WebhookDelivery } from '../../src/models/webhooks/webhook-delivery.ts';
import { conforms, listConforms } from '../conforms.ts';
import { childrenAt, storedAt } from '../harness/stored.ts';

conforms(webhookEndpoints, {
  make: storedAt(webhookEndpoints, { secret: 'whsec_0123456789abcd' }),
  body: async () => ({ url: 'https://example.com/hook', events: ['track.ready'] }),
  change: { description: 'Tells the studio.', events: ['*'] },
  asRead: ({ signingSecret, ...read }) => read,
});

listConforms(
  '/v1/webhook-endpoints/{id}/deliveries',
  childrenAt(webhookEndpoints, 'deliveries', WebhookDelivery, 'endpoint'),
);
