import type { JsonSchema, Route } from '../../api/http/route.ts';
import { documentSchema, idSchema } from '../../api/openapi/schemas.ts';
import { listRoute } from '../../api/resource/list-routes.ts';
import { findNamed } from '../../api/resource/verbs.ts';
import { Payment } from '../../models/billing/payment.ts';
import { admin } from '../../rules.ts';
import { describePayment } from '../../services/payments/describe-payment.ts';

const path = '/v1/admin/payments';
const text: JsonSchema = { type: 'string' };
const date: JsonSchema = { type: 'string', format: 'date-time' };
const count: JsonSchema = { type: 'integer' };

function listOf(properties: Record<string, JsonSchema>, optional: string[] = []): JsonSchema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return {
    type: 'array',
    items: { type: 'object', additionalProperties: false, required, properties },
  };
}

/** Payments of all users, for administrators. */
export const adminPaymentRoutes: Route[] = [
  Object.assign(
    listRoute(Payment, { path, can: { read: admin }, include: ['user'], tag: 'Payments' }),
    { id: 'listAllPayments', summary: 'List the payments of all users.' },
  ),
  {
    method: 'GET',
    path: `${path}/{id}`,
    id: 'describePayment',
    summary: 'Get a payment with its events, its disputes, and the entries of the ledger.',
    tag: 'Payments',
    access: 'admin',
    success: {
      200: {
        description: 'What is known of it, the oldest first; at most a hundred of each.',
        schema: (components) => ({
          type: 'object',
          additionalProperties: false,
          required: ['payment', 'events', 'disputes', 'entries'],
          properties: {
            payment: documentSchema(Payment)(components),
            events: listOf(
              { id: text, type: text, origin: text, happenedAt: date, handledAt: date },
              ['handledAt'],
            ),
            disputes: listOf(
              { id: idSchema, amount: count, status: text, openedAt: date, closedAt: date },
              ['closedAt'],
            ),
            entries: listOf({
              ...{ id: idSchema, type: text, cause: text, amount: count },
              ...{ balanceAfter: count, createdAt: date },
            }),
          },
        }),
      },
    },
    codes: ['NOT_FOUND'],
    handle: async (ctx, request) => {
      const { _id } = await findNamed(ctx, { entity: Payment, rule: admin }, request);
      return { status: 200, json: await describePayment(ctx, _id) };
    },
  },
];
