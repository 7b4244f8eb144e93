import Joi from 'joi';
import type { JsonSchema, Route } from '../../api/http/route.ts';
import { documentSchema, documentWith } from '../../api/openapi/schemas.ts';
import { answerDocument } from '../../api/resource/answer.ts';
import { filterById } from '../../api/resource/verbs.ts';
import { WebhookDelivery } from '../../models/webhooks/webhook-delivery.ts';
import { WebhookEndpoint } from '../../models/webhooks/webhook-endpoint.ts';
import { owner } from '../../rules.ts';
import { readSecret, replay, rotateSecret, sendTest } from '../../services/webhooks/endpoints.ts';

const DAY = 24 * 3600;
const path = '/v1/webhook-endpoints';
const common = { method: 'POST', tag: 'WebhookEndpoints', access: 'user' } as const;
const delivery = {
  202: { description: 'The delivery, on its way.', schema: documentSchema(WebhookDelivery) },
};

/** The secret as the receiver needs it, in the few answers that show it. */
export const signingSecret: JsonSchema = {
  type: 'string',
  pattern: '^whsec_',
  description:
    'What the receiver verifies signatures with (Standard Webhooks). Keep it: it is shown once.',
};

/** Rotating secrets, sending a test event, sending a delivery again. */
export const endpointActions: Route[] = [
  {
    ...common,
    path: `${path}/{id}/rotate-secret`,
    id: 'rotateWebhookSecret',
    summary: 'Give the endpoint a new secret.',
    body: Joi.object({
      validFor: Joi.number()
        .strict()
        .integer()
        .min(0)
        .max(7 * DAY)
        .default(DAY)
        .description('For how many seconds the former secret signs as well; a day unless given.'),
    }),
    isBodyOptional: true,
    success: {
      200: {
        description: 'The endpoint. `signingSecret`, the new secret, is shown this once.',
        schema: documentWith('RotatedWebhookEndpoint', WebhookEndpoint, { signingSecret }),
      },
    },
    codes: ['NOT_FOUND', 'CONFLICT'],
    handle: async (ctx, request) => {
      const filter = filterById(owner, ctx, request);
      const endpoint = await rotateSecret(ctx, filter, request.body.validFor as number);
      const secret = await readSecret(ctx, endpoint);
      return answerDocument(200, WebhookEndpoint, endpoint, { signingSecret: secret });
    },
  },
  {
    ...common,
    path: `${path}/{id}/test`,
    id: 'testWebhookEndpoint',
    summary: 'Send a test event, once.',
    success: delivery,
    codes: ['NOT_FOUND', 'INVALID_STATE'],
    handle: async (ctx, request) => {
      const made = await sendTest(ctx, filterById(owner, ctx, request));
      return answerDocument(202, WebhookDelivery, made);
    },
  },
  {
    ...common,
    path: `${path}/deliveries/{id}/replay`,
    id: 'replayWebhookDelivery',
    summary: 'Send a delivery again, with the same id and body.',
    success: delivery,
    codes: ['NOT_FOUND', 'INVALID_STATE'],
    handle: async (ctx, request) => {
      const found = await replay(ctx, filterById(owner, ctx, request));
      return answerDocument(202, WebhookDelivery, found);
    },
  },
];
