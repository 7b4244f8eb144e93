import { childrenRoute } from '../api/document-routes.ts';
import { notYetCreate } from '../api/not-yet.ts';
import type { Route } from '../api/route.ts';
import { owner } from '../api/rules.ts';
import { WebhookDelivery } from '../models/system/webhook-delivery.ts';
import { WebhookEndpoint } from '../models/system/webhook-endpoint.ts';

const path = '/v1/webhook-endpoints';
const tag = 'WebhookEndpoints';

/** Asking to be told of events, and what became of each telling. */
export const webhookEndpointActions: Route[] = [
  notYetCreate(
    WebhookEndpoint,
    { path: path, summary: 'Ask to be told of events.' },
    'Nothing is delivered to webhooks yet.',
  ),
  childrenRoute(
    { entity: WebhookEndpoint, path, rule: owner, tag },
    'deliveries',
    WebhookDelivery,
    'endpoint',
  ),
];
