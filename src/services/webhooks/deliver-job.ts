import Joi from 'joi';
import type { UUID } from '../../data/ids.ts';
import { WebhookEndpoint } from '../../models/webhooks/webhook-endpoint.ts';
import { idInput } from '../jobs/input.ts';
import type { JobType } from '../jobs/job-type.ts';

/**
 * Sends what waits for one endpoint. An endpoint has one such job at a time, so a slow or silent one holds up
 * no other. The job belongs to nobody, or its own events would be sent, too.
 */
export const deliverWebhooks: JobType<{ endpoint: UUID }, { sent: number }> = {
  name: 'deliver-webhooks',
  input: Joi.object({ endpoint: idInput().required() }),
  attempts: 5,
  timeout: 300,
  queue: 'provider',
  subject: {
    at: ({ endpoint }) => ({ entity: WebhookEndpoint, id: endpoint }),
    waiting: (job) => ({ job }),
    failed: () => [{ unset: ['job'], action: null }],
    resumed: (job) => ({ set: { job }, action: null }),
  },
  async run(work) {
    const { sendPending } = await import('./deliver.ts');
    return sendPending(work, deliverWebhooks);
  },
};
