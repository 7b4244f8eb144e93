import type { EventType } from '../../services/webhooks/event-types.ts';
import type { Components, JsonSchema } from '../http/route.ts';
import { documentSchema, idSchema } from './schemas.ts';

const HEADERS = {
  'webhook-id':
    'The id of the event: the same at each attempt. Whoever has seen it has the event already.',
  'webhook-timestamp': 'When this attempt was made, in seconds since 1970.',
  'webhook-signature':
    'A signature by each secret that is valid: `v1,` and base64, separated by spaces.',
};

const parameters = Object.entries(HEADERS).map(([name, description]) => ({
  ...{ name, in: 'header', required: true, description },
  schema: { type: 'string' },
}));

/** The `webhooks` of the OpenAPI document: what is sent for each type of event. */
export function describeWebhooks(events: EventType[], schemas: Components): JsonSchema {
  return Object.fromEntries(
    events.map((event) => [event.name, { post: describeEvent(event, schemas) }]),
  );
}

function describeEvent({ name, version, about, entity }: EventType, schemas: Components) {
  const id = { type: 'object', required: ['id'], properties: { id: idSchema } };
  const isWhole = entity && !name.endsWith('.deleted');
  // Of a document that is larger than 200 KiB a body has the id alone.
  const data = isWhole ? { anyOf: [documentSchema(entity)(schemas), id] } : id;
  const schema = {
    type: 'object',
    required: ['type', 'version', 'timestamp', 'sequence', 'data'],
    properties: {
      type: { const: name },
      version: { const: version },
      timestamp: { type: 'string', format: 'date-time' },
      sequence: { type: 'integer', minimum: 0 },
      data,
    },
  };
  return {
    operationId: `on.${name}`,
    summary: about,
    tags: ['WebhookEndpoints'],
    parameters,
    requestBody: { required: true, content: { 'application/json': { schema } } },
    responses: {
      '2XX': { description: 'It has arrived.' },
      '410': { description: 'Nothing is wanted any more: the endpoint is disabled.' },
      default: { description: 'It is sent again, for three days.' },
    },
  };
}
