import type { JsonSchema, Route } from '../../api/http/route.ts';
import { config } from '../../config.ts';

const creditPackage: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['name', 'credits', 'amounts'],
  properties: {
    name: { type: 'string' },
    credits: { type: 'integer', minimum: 1 },
    amounts: {
      type: 'object',
      description: 'In minor units of each currency: cents, yen, fils.',
      additionalProperties: { type: 'integer', minimum: 1 },
    },
  },
};

const subscriptionPlan: JsonSchema = {
  ...creditPackage,
  required: ['name', 'credits', 'interval', 'amounts'],
  properties: {
    ...(creditPackage.properties as object),
    credits: { type: 'integer', minimum: 0, description: 'For each period that is paid.' },
    interval: { type: 'string', enum: ['MONTH', 'YEAR'] },
  },
};

/** What can be subscribed to. */
export const planRoute: Route = {
  method: 'GET',
  path: '/v1/subscription-plans',
  id: 'listSubscriptionPlans',
  summary: 'List what can be subscribed to.',
  tag: 'Subscriptions',
  access: 'anyone',
  success: {
    200: {
      description: 'The plans.',
      schema: {
        type: 'object',
        additionalProperties: false,
        required: ['data'],
        properties: { data: { type: 'array', items: subscriptionPlan } },
      },
    },
  },
  handle: async () => ({ status: 200, json: { data: config.subscriptionPlans } }),
};

/** What can be bought. */
export const packageRoute: Route = {
  method: 'GET',
  path: '/v1/credit-packages',
  id: 'listCreditPackages',
  summary: 'List what can be bought.',
  tag: 'Credits',
  access: 'anyone',
  success: {
    200: {
      description: 'The packages.',
      schema: {
        type: 'object',
        additionalProperties: false,
        required: ['data'],
        properties: { data: { type: 'array', items: creditPackage } },
      },
    },
  },
  handle: async () => ({ status: 200, json: { data: config.creditPackages } }),
};
