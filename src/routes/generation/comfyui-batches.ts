import Joi from 'joi';
import { addLazyParts, type Route } from '../../api/http/route.ts';
import { documentSchema } from '../../api/openapi/schemas.ts';
import { answerDocument } from '../../api/resource/answer.ts';
import { makeBody } from '../../api/resource/input.ts';
import { applyRule } from '../../api/resource/verbs.ts';
import { castObject } from '../../data/cast.ts';
import { ComfyUIWorkflowExecution } from '../../models/generation/comfyui/workflow-execution.ts';
import { Job } from '../../models/jobs/job.ts';
import { owner } from '../../rules.ts';
import { type Grid, MOST_OF_BATCH } from '../../services/generation/comfyui/spread-grid.ts';
import { type AskedBatch, startBatch } from '../../services/generation/comfyui/start-batch.ts';

const { shape } = ComfyUIWorkflowExecution;

const create: Route = {
  method: 'POST',
  path: '/v1/comfyui/executions/batch',
  id: 'createComfyUIBatch',
  summary:
    'Run a workflow with each combination of the values in `grid`, `count` times each: as many executions, and one job that stands for them.',
  tag: 'ComfyUIExecutions',
  access: 'user',
  success: { 202: { description: 'The job that stands for them.', schema: documentSchema(Job) } },
  codes: ['INSUFFICIENT_CREDITS', 'ALLOWANCE_EXCEEDED'],
  handle: async (ctx, { body }) => {
    const { count, grid, ...rest } = body as { count: number; grid: Grid };
    const values = { ...castObject(shape, rest), ...applyRule(owner, ctx.actor) };
    const asked = { parameters: {}, ...values, count, grid } as AskedBatch;
    return answerDocument(202, Job, await startBatch(ctx, asked));
  },
};

/** Running a workflow several times, varied or not. */
export const batchRoute = addLazyParts(create, {
  body: () =>
    makeBody(shape, 'create')
      .fork(['parameters'], (field) =>
        field.optional().description('The values that all of them share.'),
      )
      .keys({
        count: Joi.number().strict().integer().min(1).max(MOST_OF_BATCH).default(1),
        grid: Joi.object()
          .pattern(
            /^[A-Za-z][A-Za-z0-9_]{0,63}$/,
            Joi.array().items(Joi.any()).min(1).max(MOST_OF_BATCH),
          )
          .default({})
          .description('Values to try, by the names of parameters: `{ "steps": [10, 20] }`.'),
      }),
});
