import Joi from 'joi';
import type { Route } from '../../api/http/route.ts';
import { idSchema } from '../../api/resource/input.ts';
import { createStreamTicket } from '../../services/news/create-ticket.ts';

/** How one listens to news. */
export const eventRoutes: Route[] = [
  {
    method: 'POST',
    path: '/v1/events/tickets',
    id: 'createEventTicket',
    summary: 'Get the URL of an event stream, for an EventSource.',
    tag: 'Events',
    access: 'user',
    isBodyOptional: true,
    body: Joi.object({ job: idSchema(), project: idSchema() }),
    success: {
      201: {
        description:
          'Where Server-Sent Events about one’s jobs, media and exports are streamed: all since this answer.',
        schema: {
          type: 'object',
          additionalProperties: false,
          required: ['url', 'expiresAt'],
          properties: {
            url: {
              type: 'string',
              format: 'uri',
              description:
                'To be opened without further headers. `Last-Event-ID`, or `&after=` with the id of an event, resumes after it.',
            },
            expiresAt: {
              type: 'string',
              format: 'date-time',
              description: 'It is to be opened before this time.',
            },
          },
        },
      },
    },
    handle: async (ctx, { body }) => {
      const { url, expiresAt } = await createStreamTicket(ctx, body);
      return { status: 201, json: { url, expiresAt: expiresAt.toISOString() } };
    },
  },
];
