import { resource } from '../src/api/resource.ts';
import { owner } from '../src/api/rules.ts';
import { serve } from '../src/api/serve.ts';
import { WebhookEndpoint } from '../src/models/system/webhook-endpoint.ts';
import { webhookEndpointActions } from '../src/routes/webhook-endpoints.ts';

export const webhookEndpoints = resource(WebhookEndpoint, {
  path: '/v1/webhook-endpoints',
  can: { read: owner, remove: owner },
  include: ['user'],
  actions: webhookEndpointActions,
});

export const handler = serve(webhookEndpoints);
