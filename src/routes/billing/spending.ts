import Joi from 'joi';
import type { Route } from '../../api/http/route.ts';
import { limitText } from '../../api/resource/input.ts';
import { config } from '../../config.ts';
import type { SpendingControlDoc } from '../../models/billing/spending-control.ts';
import { measureSpending, switchSpending } from '../../services/billing/spending.ts';

const credits = { type: 'integer', minimum: 0 };
const spendingSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['isStopped', 'reason', 'hour', 'spent', 'limit'],
  properties: {
    isStopped: { type: 'boolean', description: 'Whether paid work is refused.' },
    reason: { type: ['string', 'null'] },
    hour: { type: 'string', format: 'date-time', description: 'The hour that `spent` is of.' },
    spent: { ...credits, description: 'What all accounts have had held in this hour.' },
    limit: { ...credits, description: 'The most that they may have held in an hour.' },
  },
};

const common = { tag: 'Credits', access: 'admin' } as const;
const success = { 200: { description: 'The state of paid work.', schema: spendingSchema } };

/** The switch that stops paid work, and what the whole app spends. */
export const spendingRoutes: Route[] = [
  {
    ...common,
    method: 'GET',
    path: '/v1/admin/spending',
    id: 'getSpending',
    summary: 'What all accounts spend in this hour, and whether paid work is stopped.',
    success,
    handle: async (ctx) => answerSpending(await measureSpending(ctx, 0)),
  },
  {
    ...common,
    method: 'POST',
    path: '/v1/admin/spending',
    id: 'switchSpending',
    summary: 'Stop all paid work, or let it go on; within 5 seconds everywhere. What runs goes on.',
    body: Joi.object({
      isStopped: Joi.boolean().strict().required(),
      reason: limitText(500).required(),
    }),
    success,
    handle: async (ctx, { body }) => {
      const { isStopped, reason } = body as { isStopped: boolean; reason: string };
      return answerSpending(await switchSpending(ctx, isStopped, reason));
    },
  },
];

function answerSpending({ isStopped, reason = null, hour, spent }: SpendingControlDoc) {
  return {
    status: 200,
    json: { isStopped, reason, hour: hour?.toISOString(), spent, limit: config.creditsPerHour },
  };
}
