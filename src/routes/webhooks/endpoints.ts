import { addLazyParts, type Route } from '../../api/http/route.ts';
import { documentWith } from '../../api/openapi/schemas.ts';
import { answerCreated, answerDocument } from '../../api/resource/answer.ts';
import { createRoute, readRoute, updateRoute } from '../../api/resource/document-routes.ts';
import { readIfMatch } from '../../api/resource/etag.ts';
import { childrenRoute } from '../../api/resource/list-routes.ts';
import { patch } from '../../api/resource/patch.ts';
import { applyRule, filterById, store } from '../../api/resource/verbs.ts';
import type { UUID } from '../../data/ids.ts';
import { WebhookDelivery } from '../../models/webhooks/webhook-delivery.ts';
import { WebhookEndpoint } from '../../models/webhooks/webhook-endpoint.ts';
import { owner } from '../../rules.ts';
import { deliverWebhooks } from '../../services/webhooks/deliver-job.ts';
import { checkRoom, readSecret } from '../../services/webhooks/endpoints.ts';
import { makeSigningSecret } from '../../services/webhooks/signature.ts';
import { wakeAfresh, wakeEndpoint } from '../../services/webhooks/wake.ts';
import { endpointActions, signingSecret } from './actions.ts';
import { makeEndpointBody } from './bodies.ts';

const path = '/v1/webhook-endpoints';
const tag = 'WebhookEndpoints';

const create: Route = Object.assign(createRoute(WebhookEndpoint, { path, rule: owner }), {
  success: {
    201: {
      description: 'Created. `signingSecret` is shown this once.',
      schema: documentWith('CreatedWebhookEndpoint', WebhookEndpoint, { signingSecret }),
    },
  },
  codes: ['INVALID_STATE'],
  handle: async (ctx, { body }) => {
    await checkRoom(applyRule(owner, ctx.actor).user as UUID); // a rule holds stored types
    const own = { secret: makeSigningSecret() };
    const endpoint = await store(ctx, WebhookEndpoint, owner, body, own);
    const secret = await readSecret(ctx, endpoint);
    return answerCreated(path, WebhookEndpoint, endpoint, { signingSecret: secret });
  },
} satisfies Partial<Route>);

/** Another URL, or being enabled, begins anew: what failed before no longer counts. */
const AFRESH = {
  ...{ failures: 0, failingSince: null, retryAt: null },
  ...{ disabledReason: null, disabledAt: null },
};

const change: Route = Object.assign(updateRoute(WebhookEndpoint, { path, rule: owner }), {
  handle: async (ctx, request) => {
    const { body } = request;
    const isAfresh = 'url' in body || 'enabled' in body;
    const endpoint = await patch(
      ctx,
      WebhookEndpoint,
      filterById(owner, ctx, request),
      { ...body, ...(isAfresh && AFRESH) },
      readIfMatch(request.ifMatch),
    );
    const wake = isAfresh ? wakeAfresh : wakeEndpoint;
    await wake(ctx, deliverWebhooks, endpoint._id);
    return answerDocument(200, WebhookEndpoint, endpoint);
  },
} satisfies Partial<Route>);

/** Webhook endpoints and their deliveries. */
export const webhookEndpointActions: Route[] = [
  addLazyParts(create, { body: () => makeEndpointBody('create') }),
  addLazyParts(change, { body: () => makeEndpointBody('update') }),
  childrenRoute(
    { entity: WebhookEndpoint, path, rule: owner, tag },
    'deliveries',
    WebhookDelivery,
    'endpoint',
  ),
  readRoute(WebhookDelivery, { path: `${path}/deliveries`, can: { read: owner }, tag }),
  ...endpointActions,
];
