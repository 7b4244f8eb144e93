import Joi from 'joi';
import type { Route } from '../../api/http/route.ts';
import { documentSchema } from '../../api/openapi/schemas.ts';
import { answerDocument } from '../../api/resource/answer.ts';
import { idSchema, limitText } from '../../api/resource/input.ts';
import { applyRule } from '../../api/resource/verbs.ts';
import { UUID } from '../../data/ids.ts';
import { AllowanceOverride } from '../../models/metering/allowance-override.ts';
import { self } from '../../rules.ts';
import { LIMITED } from '../../services/metering/allowances/limits.ts';
import { type Override, overrideAllowances } from '../../services/metering/allowances/override.ts';
import { viewAllowances } from '../../services/metering/allowances/view.ts';

const common = { tag: 'Allowances' } as const;
const number = { type: 'number', minimum: 0 };

const allowancesSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['plan', 'data'],
  properties: {
    plan: { type: 'string' },
    data: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['metric', 'limit', 'used', 'left', 'renewsAt'],
        properties: {
          metric: {
            type: 'string',
            enum: LIMITED.map((name) => name.toUpperCase()),
            description:
              'BYTES: of uploaded files, with former versions and the trash. DOCUMENTS: projects and media. UPLOADS, JOBS: at once. MINUTES: of media, processed in a month. RENDERS: exports, streams and images made to measure, in a month. CREDITS: held for paid work in a day. CALLS: a minute.',
          },
          limit: number,
          used: {
            type: ['number', 'null'],
            description: 'Null of calls: they are counted for a minute, and forgotten.',
          },
          left: { type: ['number', 'null'] },
          renewsAt: {
            type: ['string', 'null'],
            format: 'date-time',
            description: 'When it is counted anew; null of what one has at the moment.',
          },
        },
      },
    },
  },
};

const limits = Joi.object(
  Object.fromEntries(LIMITED.map((name) => [name, Joi.number().strict().min(0)])),
).min(1);

/** What accounts may have and use. */
export const allowanceRoutes: Route[] = [
  {
    ...common,
    method: 'GET',
    path: '/v1/allowances',
    id: 'getAllowances',
    summary: 'What your account may have and use, what is left of it, and when there will be more.',
    access: 'user',
    success: { 200: { description: 'Your allowances.', schema: allowancesSchema } },
    handle: async (ctx) => {
      const { _id } = applyRule(self, ctx.actor);
      return { status: 200, json: await viewAllowances(ctx, _id as UUID) };
    },
  },
  {
    ...common,
    method: 'POST',
    path: '/v1/allowances/overrides',
    id: 'overrideAllowances',
    summary:
      'Give an account another plan, or limits of its own, in place of what was given before.',
    access: 'admin',
    body: Joi.object({
      user: idSchema().required(),
      plan: limitText(32),
      limits,
      reason: limitText(500).required(),
    }),
    success: { 200: { description: 'The override.', schema: documentSchema(AllowanceOverride) } },
    handle: async (ctx, { body }) => {
      const { user, ...more } = body as Omit<Override, 'user'> & { user: string };
      const { _id } = applyRule(self, ctx.actor);
      const wanted = { ...more, user: new UUID(user) };
      const made = await overrideAllowances(ctx, _id as UUID, wanted);
      return answerDocument(200, AllowanceOverride, made);
    },
  },
];
