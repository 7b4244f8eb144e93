import type { Route } from '../../api/http/route.ts';
import { childrenRoute } from '../../api/resource/list-routes.ts';
import { notYetCreate } from '../../api/resource/not-yet.ts';
import { WebhookDelivery } from '../../models/webhooks/webhook-delivery.ts';
import { WebhookEndpoint } from '../../models/webhooks/webhook-endpoint.ts';
import { owner } from '../../rules.ts';

const path = '/v1/webhook-endpoints';
const tag = 'WebhookEndpoints';

/** Webhook endpoints and their deliveries. */
export const webhookEndpointActions: Route[] = [
  notYetCreate(
    WebhookEndpoint,
    { path, summary: 'Create a webhook endpoint.' },
    'Nothing is delivered to webhooks yet.',
  ),
  childrenRoute(
    { entity: WebhookEndpoint, path, rule: owner, tag },
    'deliveries',
    WebhookDelivery,
    'endpoint',
  ),
];
