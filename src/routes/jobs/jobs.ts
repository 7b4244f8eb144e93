import Joi from 'joi';
import type { Route } from '../../api/http/route.ts';
import { documentSchema } from '../../api/openapi/schemas.ts';
import { answerDocument } from '../../api/resource/answer.ts';
import { limitText } from '../../api/resource/input.ts';
import { filterById } from '../../api/resource/verbs.ts';
import { Job } from '../../models/jobs/job.ts';
import { owner } from '../../rules.ts';
import { jobTypes } from '../../services/job-types.ts';
import { cancelJob, retryJob } from '../../services/jobs/control.ts';
import { startJob } from '../../services/jobs/start-job.ts';

const schema = documentSchema(Job);
const common = { method: 'POST', tag: 'Jobs', access: 'user' } as const;

/** Starting, cancelling and retrying jobs. */
export const jobActions: Route[] = [
  {
    ...common,
    path: '/v1/jobs',
    id: 'createJob',
    summary: 'Start a job of a type that clients may start.',
    body: Joi.object({
      type: limitText(64).required(),
      project: Joi.string().guid(),
      input: Joi.object().unknown().required(),
      priority: Joi.number().strict().integer().min(0).max(9),
    }),
    success: { 202: { description: 'Accepted.', schema } },
    handle: async (ctx, { body }) => answerDocument(202, Job, await startJob(ctx, jobTypes, body)),
  },
  {
    ...common,
    path: '/v1/jobs/{id}/cancel',
    id: 'cancelJob',
    summary: 'Cancel a job that has not ended.',
    success: { 200: { description: 'The job.', schema } },
    codes: ['NOT_FOUND', 'INVALID_STATE'],
    handle: async (ctx, request) =>
      answerDocument(200, Job, await cancelJob(ctx, jobTypes, filterById(owner, ctx, request))),
  },
  {
    ...common,
    path: '/v1/jobs/{id}/retry',
    id: 'retryJob',
    summary: 'Retry a failed or cancelled job.',
    success: { 202: { description: 'The job.', schema } },
    codes: ['NOT_FOUND', 'INVALID_STATE'],
    handle: async (ctx, request) =>
      answerDocument(202, Job, await retryJob(ctx, jobTypes, filterById(owner, ctx, request))),
  },
];
