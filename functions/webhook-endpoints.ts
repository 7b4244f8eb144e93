import { serve } from '../src/api/http/serve.ts';
import { resource } from '../src/api/resource/resource.ts';
import { WebhookEndpoint } from '../src/models/webhooks/webhook-endpoint.ts';
import { webhookEndpointActions } from '../src/routes/webhooks/endpoints.ts';
import { owner } from '../src/rules.ts';

export const webhookEndpoints = resource(WebhookEndpoint, {
  path: '/v1/webhook-endpoints',
  can: { read: owner, remove: owner },
  include: ['user'],
  actions: webhookEndpointActions,
});

export const handler = serve(webhookEndpoints);
