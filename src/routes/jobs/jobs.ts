import Joi from 'joi';
import type { Request, Route } from '../../api/http/route.ts';
import { documentSchema } from '../../api/openapi/schemas.ts';
import { answerDocument } from '../../api/resource/answer.ts';
import { idSchema, limitText } from '../../api/resource/input.ts';
import { filterById } from '../../api/resource/verbs.ts';
import type { Ctx } from '../../context.ts';
import { idText } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { notFound } from '../../errors.ts';
import { Job, type JobDoc } from '../../models/jobs/job.ts';
import { owner } from '../../rules.ts';
import { MOST_KEYS } from '../../services/exports/settings.ts';
import { jobTypes } from '../../services/job-types.ts';
import { cancelJob, retryJob } from '../../services/jobs/control.ts';
import { findJobFaults } from '../../services/jobs/find-job-faults.ts';
import { readGraph, readOutlook } from '../../services/jobs/outlook.ts';
import { estimateJob, startJob } from '../../services/jobs/start-job.ts';
import { graphSchema, outlookSchema } from './job-schemas.ts';
import { starters } from './starters.ts';

const startable = { types: jobTypes, starters };
const schema = documentSchema(Job);
const jobEstimateSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['credits', 'priceVersion'],
  properties: {
    credits: { type: 'integer', minimum: 0, description: 'Whole credits, at most.' },
    priceVersion: { type: 'string', description: 'The version of the prices of now.' },
  },
};
const common = { method: 'POST', tag: 'Jobs', access: 'user' } as const;
const reads = { ...common, method: 'GET' } as const;

async function findOwn(
  ctx: Ctx,
  request: Request,
  options: { projection?: Record<string, 1> } = {},
): Promise<JobDoc> {
  const job = await findOne(ctx, Job, filterById(owner, ctx, request), options);
  if (!job) throw notFound();
  return job;
}

function showNode({ _id, type, status, progress, after }: JobDoc) {
  return { id: idText(_id), type, status, progress, after: after ?? [] };
}

/** Starting, cancelling and retrying jobs. */
export const jobActions: Route[] = [
  {
    ...common,
    path: '/v1/jobs',
    id: 'createJob',
    summary: 'Start a job of a type that clients may start.',
    mostKeys: MOST_KEYS, // of an export's settings, which have the most
    body: Joi.object({
      type: limitText(64).required(),
      project: idSchema(),
      input: Joi.object().unknown().required(),
      priority: Joi.number().strict().integer().min(0).max(9),
      runAfter: Joi.string().isoDate(),
      deadline: Joi.string().isoDate(),
      after: Joi.array().items(idSchema()).unique().max(20),
      uniqueKey: limitText(190),
      onDuplicate: Joi.string().valid('JOIN', 'SUPERSEDE'),
    }),
    success: {
      202: {
        description:
          'Accepted. With a `uniqueKey` that an open job of the same type has: that job (JOIN, the default), or a new one in its place (SUPERSEDE).',
        schema,
      },
    },
    codes: ['INSUFFICIENT_CREDITS', 'ALLOWANCE_EXCEEDED'],
    findFaults: (ctx, body) => findJobFaults(ctx, startable, body),
    handle: async (ctx, { body }) => answerDocument(202, Job, await startJob(ctx, startable, body)),
  },
  {
    ...common,
    path: '/v1/jobs/estimate',
    id: 'estimateJob',
    summary: 'What a job would cost at most, without starting it.',
    mostKeys: MOST_KEYS,
    body: Joi.object({
      type: limitText(64).required(),
      input: Joi.object().unknown().required(),
    }),
    success: { 200: { description: 'The estimate.', schema: jobEstimateSchema } },
    handle: async (ctx, { body }) => ({
      status: 200,
      json: await estimateJob(ctx, startable, body),
    }),
  },
  {
    ...reads,
    path: '/v1/jobs/{id}/queue',
    id: 'getJobQueue',
    summary: 'Where a job stands in its queue, and what it waits for.',
    success: { 200: { description: 'Its place.', schema: outlookSchema } },
    codes: ['NOT_FOUND'],
    handle: async (ctx, request) => ({
      status: 200,
      json: await readOutlook(await findOwn(ctx, request, { projection: {} })),
    }),
  },
  {
    ...reads,
    path: '/v1/jobs/{id}/graph',
    id: 'getJobGraph',
    summary: 'The jobs that a job waits for, and that wait for it, as one.',
    success: { 200: { description: 'The graph.', schema: graphSchema } },
    codes: ['NOT_FOUND'],
    handle: async (ctx, request) => {
      const { jobs, ...graph } = await readGraph(ctx, await findOwn(ctx, request));
      return { status: 200, json: { ...graph, jobs: jobs.map(showNode) } };
    },
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
    summary:
      'Retry a failed or cancelled job. A deadline that has passed no longer counts; its unique key has to be free.',
    success: { 202: { description: 'The job.', schema } },
    codes: [
      'NOT_FOUND',
      'INVALID_STATE',
      'DUPLICATE',
      'INSUFFICIENT_CREDITS',
      'ALLOWANCE_EXCEEDED',
    ],
    handle: async (ctx, request) =>
      answerDocument(202, Job, await retryJob(ctx, jobTypes, filterById(owner, ctx, request))),
  },
];
