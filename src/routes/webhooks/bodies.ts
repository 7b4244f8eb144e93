import Joi from 'joi';
import { makeBody } from '../../api/resource/input.ts';
import { config } from '../../config.ts';
import { WebhookEndpoint } from '../../models/webhooks/webhook-endpoint.ts';
import { findUrlFault } from '../../services/webhooks/endpoint-url.ts';
import { listEventFilters } from '../../services/webhooks/event-types.ts';

/** The body of an endpoint, with what its schema cannot say: which events there are, and which URLs are public. */
export function makeEndpointBody(mode: 'create' | 'update'): Joi.ObjectSchema {
  const body = makeBody(WebhookEndpoint.shape, mode);
  const events = Joi.array()
    .items(Joi.valid(...listEventFilters()))
    .min(1)
    .max(50)
    .unique()
    .description('The events that are sent: one by one, all of a kind (`track.*`), or all (`*`).');
  return body.keys({
    url: (body.extract('url') as Joi.StringSchema).custom(refuseUnreachable),
    events: mode === 'create' ? events.required() : events,
  });
}

const refuseUnreachable: Joi.CustomValidator<string> = (value) => {
  const fault = findUrlFault(value, { toLoopback: config.webhooksToLoopback });
  if (fault) throw new Error(fault);
  return value;
};
