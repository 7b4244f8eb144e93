import Joi from 'joi';
import type { Route } from '../../api/http/route.ts';
import { documentSchema } from '../../api/openapi/schemas.ts';
import { answerDocument } from '../../api/resource/answer.ts';
import { filterById } from '../../api/resource/verbs.ts';
import { Job } from '../../models/jobs/job.ts';
import { owner } from '../../rules.ts';
import { rerunJob } from '../../services/generation/comfyui/rerun.ts';

/** Repeating what a job has generated. */
export const rerunRoute: Route = {
  method: 'POST',
  path: '/v1/jobs/{id}/rerun',
  id: 'rerunJob',
  summary:
    'Generate the same again, or varied: with the same revision of the workflow, values and seeds, but for those in `parameters`.',
  tag: 'Jobs',
  access: 'user',
  body: Joi.object({ parameters: Joi.object().unknown() }),
  isBodyOptional: true,
  success: { 202: { description: 'The new job.', schema: documentSchema(Job) } },
  codes: ['NOT_FOUND', 'INVALID_STATE', 'INSUFFICIENT_CREDITS'],
  handle: async (ctx, request) => {
    const changed = (request.body.parameters ?? {}) as Record<string, unknown>;
    const job = await rerunJob(ctx, filterById(owner, ctx, request), changed);
    return answerDocument(202, Job, job);
  },
};
