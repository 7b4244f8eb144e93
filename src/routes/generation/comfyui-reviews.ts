import Joi from 'joi';
import type { JsonSchema, Route } from '../../api/http/route.ts';
import { documentSchema, idSchema } from '../../api/openapi/schemas.ts';
import { answerDocument } from '../../api/resource/answer.ts';
import { limitText } from '../../api/resource/input.ts';
import { decryptFields } from '../../data/encrypted-fields.ts';
import { UUID } from '../../data/ids.ts';
import { REVIEWED } from '../../models/generation/comfyui/execution-state.ts';
import { ComfyUIWorkflowExecution } from '../../models/generation/comfyui/workflow-execution.ts';
import {
  decideReview,
  listHeld,
  viewHeld,
} from '../../services/generation/comfyui/decide-review.ts';

const path = '/v1/comfyui/executions';
const common = { tag: 'ComfyUIExecutions', access: 'admin' } as const;

const text = { type: 'string' };
const held: Record<string, JsonSchema> = {
  ...{ id: idSchema, user: idSchema, workflow: idSchema },
  heldFor: { enum: [...REVIEWED], description: 'What is to be decided about.' },
  reason: { ...text, description: 'What the moderation says.' },
  createdAt: { ...text, format: 'date-time' },
};

function makeObject(properties: Record<string, JsonSchema>): JsonSchema {
  const required = Object.keys(properties);
  return { type: 'object', additionalProperties: false, required, properties };
}

const file = makeObject({ kind: text, contentType: text, url: { ...text, format: 'uri' } });

/** What administrators see of executions that are HELD, and how they end that. */
export const reviewRoutes: Route[] = [
  {
    ...common,
    method: 'GET',
    path: `${path}/held`,
    id: 'listHeldComfyUIExecutions',
    summary: 'The executions that wait for a decision, the oldest first, 100 at most.',
    success: {
      200: {
        description: 'The executions.',
        schema: makeObject({ data: { type: 'array', items: makeObject(held) } }),
      },
    },
    handle: async (ctx) => ({ status: 200, json: { data: await listHeld(ctx) } }),
  },
  {
    ...common,
    method: 'GET',
    path: `${path}/{id}/review`,
    id: 'getComfyUIExecutionReview',
    summary: 'What there is to decide about: what was asked for, and the files that it has made.',
    success: {
      200: {
        description: 'What is to be reviewed.',
        schema: makeObject({
          ...held,
          parameters: { type: 'object' },
          graph: {
            type: 'object',
            description: 'The graph with these values: what is asked for may stand in it.',
          },
          inputs: { type: 'array', items: idSchema },
          files: { type: 'array', items: file },
        }),
      },
    },
    codes: ['NOT_FOUND'],
    handle: async (ctx, { params }) => ({
      status: 200,
      json: await viewHeld(ctx, new UUID(params.id)),
    }),
  },
  {
    ...common,
    method: 'POST',
    path: `${path}/{id}/review`,
    id: 'decideComfyUIExecutionReview',
    summary: 'Let an execution that is HELD go on, or have it fail.',
    body: Joi.object({
      decision: Joi.string().valid('ALLOW', 'REFUSE').required(),
      reason: limitText(400).allow('').default(''),
    }),
    success: {
      200: { description: 'The execution.', schema: documentSchema(ComfyUIWorkflowExecution) },
    },
    codes: ['NOT_FOUND', 'INVALID_STATE'],
    handle: async (ctx, { params, body }) => {
      const decision = body as { decision: 'ALLOW' | 'REFUSE'; reason: string };
      const document = await decideReview(ctx, new UUID(params.id), decision);
      await decryptFields(ctx, ComfyUIWorkflowExecution, [document]);
      return answerDocument(200, ComfyUIWorkflowExecution, document);
    },
  },
];
