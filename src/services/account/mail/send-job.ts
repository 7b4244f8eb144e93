import Joi from 'joi';
import type { UUID } from '../../../data/ids.ts';
import { idInput } from '../../jobs/input.ts';
import type { JobType } from '../../jobs/job-type.ts';

/** Sends a mail, at least once: after a crash it may go out again, with the same Message-ID. */
export const sendMailJob: JobType<{ mail: UUID }> = {
  name: 'send-mail',
  input: Joi.object({ mail: idInput().required() }),
  // With the backoff that is most of an hour without SES.
  attempts: 15,
  timeout: 60,
  queue: 'provider',
  run: async (work) => (await import('./send.ts')).runSend(work),
};
