import { chooseType } from '../../api/http/accept.ts';
import type { JsonSchema, Reply, Route } from '../../api/http/route.ts';
import { documentSchema, idSchema } from '../../api/openapi/schemas.ts';
import { listRoute } from '../../api/resource/list-routes.ts';
import { findNamed } from '../../api/resource/verbs.ts';
import { Payment } from '../../models/billing/payment.ts';
import { admin } from '../../rules.ts';
import { describePayment } from '../../services/payments/describe-payment.ts';
import { PAGE_POLICY, type Shown, writePaymentHtml, writePaymentsHtml } from './payment-html.ts';

const path = '/v1/admin/payments';
const text: JsonSchema = { type: 'string' };
const date: JsonSchema = { type: 'string', format: 'date-time' };
const count: JsonSchema = { type: 'integer' };

const JSON_TYPE = 'application/json';
const HTML_TYPE = 'text/html';

function wantsPage(accept: string | undefined): boolean {
  return chooseType(accept, [JSON_TYPE, HTML_TYPE]) === HTML_TYPE;
}

function answerPage(body: string): Reply {
  const headers = {
    'content-type': `${HTML_TYPE}; charset=utf-8`,
    'content-security-policy': PAGE_POLICY,
    vary: 'accept',
  };
  return { status: 200, body, headers };
}

const all = listRoute(Payment, { path, can: { read: admin }, include: ['user'], tag: 'Payments' });
const allSuccess = all.success[200] as NonNullable<Route['success'][200]>;

/** The list's own query, but for where the next page begins. */
function describeNext(query: ReadonlyMap<string, string>, cursor: string | null) {
  return cursor ? String(new URLSearchParams({ ...Object.fromEntries(query), cursor })) : undefined;
}

function listOf(properties: Record<string, JsonSchema>, optional: string[] = []): JsonSchema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return {
    type: 'array',
    items: { type: 'object', additionalProperties: false, required, properties },
  };
}

/** Payments of all users, for administrators. */
export const adminPaymentRoutes: Route[] = [
  Object.assign(all, {
    id: 'listAllPayments',
    summary: 'List the payments of all users: JSON, or a page, by Accept.',
    success: { 200: { ...allSuccess, others: [HTML_TYPE] } },
    handle: listAll(all.handle),
  } satisfies Partial<Route>),
  {
    method: 'GET',
    path: `${path}/{id}`,
    id: 'describePayment',
    summary:
      'Get a payment with its events, its disputes, and the entries of the ledger: JSON, or a page, by Accept.',
    tag: 'Payments',
    access: 'admin',
    success: {
      200: {
        description: 'What is known of it, the oldest first; at most a hundred of each.',
        others: [HTML_TYPE],
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
      const described = await describePayment(ctx, _id);
      if (wantsPage(request.accept)) return answerPage(writePaymentHtml(described));
      return { status: 200, json: described, headers: { vary: 'accept' } };
    },
  },
];

/** The list as it is, or the same as a page; of that, relations and chosen fields are no part. */
function listAll(list: Route['handle']): Route['handle'] {
  return async (ctx, request) => {
    if (!wantsPage(request.accept)) return list(ctx, request);
    const query = new Map(request.query);
    query.delete('include');
    query.delete('fields');
    const { body = '' } = await list(ctx, { ...request, query });
    const { data, nextCursor } = JSON.parse(body) as { data: Shown[]; nextCursor: string | null };
    return answerPage(writePaymentsHtml(data, describeNext(query, nextCursor)));
  };
}
