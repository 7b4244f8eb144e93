import type { Route } from '../../api/http/route.ts';
import { documentSchema } from '../../api/openapi/schemas.ts';
import { answerCreated, answerDocument } from '../../api/resource/answer.ts';
import { createRoute } from '../../api/resource/document-routes.ts';
import { childrenRoute } from '../../api/resource/list-routes.ts';
import { applyRule, filterById } from '../../api/resource/verbs.ts';
import type { Ctx } from '../../context.ts';
import { castObject } from '../../data/cast.ts';
import { decryptFields } from '../../data/encrypted-fields.ts';
import { ComfyUIExecutionLog } from '../../models/generation/comfyui/execution-log.ts';
import { ComfyUIWorkflowExecution } from '../../models/generation/comfyui/workflow-execution.ts';
import { owner } from '../../rules.ts';
import { cancelExecution } from '../../services/generation/comfyui/cancel.ts';
import { estimateExecution } from '../../services/generation/comfyui/estimate.ts';
import { findPreview } from '../../services/generation/comfyui/preview.ts';
import {
  type AskedExecution,
  startExecution,
} from '../../services/generation/comfyui/start-execution.ts';

const path = '/v1/comfyui/executions';
const tag = 'ComfyUIExecutions';
const executions = { entity: ComfyUIWorkflowExecution, path, rule: owner, tag };
const schema = documentSchema(ComfyUIWorkflowExecution);

const create: Route = Object.assign(createRoute(ComfyUIWorkflowExecution, { path, rule: owner }), {
  summary: 'Run a workflow.',
  success: { 202: { description: 'Accepted.', schema } },
  codes: ['INSUFFICIENT_CREDITS'],
  handle: async (ctx, { body }) => {
    const document = await startExecution(ctx, readAsked(ctx, body));
    await decryptFields(ctx, ComfyUIWorkflowExecution, [document]);
    return { ...answerCreated(path, ComfyUIWorkflowExecution, document), status: 202 };
  },
} satisfies Partial<Route>);

const estimateSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['credits', 'gpuSeconds', 'priceVersion'],
  properties: {
    credits: {
      type: 'integer',
      description: 'What it costs at most, at the prices of now: so much is held.',
    },
    gpuSeconds: { type: 'number', description: 'For how long of a run that is.' },
    priceVersion: { type: 'string', description: 'The version of these prices.' },
  },
};

const estimate: Route = Object.assign(
  createRoute(ComfyUIWorkflowExecution, { path, rule: owner }),
  {
    path: `${path}/estimate`,
    id: 'estimateComfyUIExecution',
    summary: 'What a run of a workflow would cost, without starting it.',
    success: { 200: { description: 'The estimate.', schema: estimateSchema } },
    codes: [],
    handle: async (ctx, { body }) => ({
      status: 200,
      json: await estimateExecution(ctx, readAsked(ctx, body)),
    }),
  } satisfies Partial<Route>,
);

function readAsked(ctx: Ctx, body: unknown): AskedExecution {
  const values = castObject(ComfyUIWorkflowExecution.shape, body as Record<string, unknown>);
  return { parameters: {}, ...values, ...applyRule(owner, ctx.actor) } as AskedExecution;
}

const cancel: Route = {
  method: 'POST',
  path: `${path}/{id}/cancel`,
  id: 'cancelComfyUIExecution',
  summary: 'Stop a run.',
  tag,
  access: 'user',
  success: { 200: { description: 'The execution.', schema } },
  codes: ['NOT_FOUND', 'INVALID_STATE'],
  handle: async (ctx, request) => {
    const document = await cancelExecution(ctx, filterById(owner, ctx, request));
    await decryptFields(ctx, ComfyUIWorkflowExecution, [document]);
    return answerDocument(200, ComfyUIWorkflowExecution, document);
  },
};

const preview: Route = {
  method: 'GET',
  path: `${path}/{id}/preview`,
  id: 'getComfyUIExecutionPreview',
  summary: 'The last preview of a run, where its pod has sent one to a host that listens.',
  tag,
  access: 'user',
  success: {
    200: {
      description: 'Where it is, for some minutes.',
      schema: {
        type: 'object',
        additionalProperties: false,
        required: ['url', 'at'],
        properties: {
          url: { type: 'string', format: 'uri' },
          at: { type: 'string', format: 'date-time' },
        },
      },
    },
  },
  codes: ['NOT_FOUND'],
  handle: async (ctx, request) => ({
    status: 200,
    json: await findPreview(ctx, filterById(owner, ctx, request)),
  }),
};

/** Running a workflow, stopping it, and what happened while it ran. */
export const executionActions: Route[] = [
  create,
  estimate,
  cancel,
  preview,
  childrenRoute(executions, 'logs', ComfyUIExecutionLog, 'execution'),
];
