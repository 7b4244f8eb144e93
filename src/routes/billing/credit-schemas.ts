import type { JsonSchema } from '../../api/http/route.ts';
import { idSchema } from '../../api/openapi/schemas.ts';

/** An object of which every property is there. */
function makeObject(properties: Record<string, JsonSchema>): JsonSchema {
  const required = Object.keys(properties);
  return { type: 'object', additionalProperties: false, required, properties };
}

const text = { type: 'string' };
const textOrNull = { type: ['string', 'null'] };
const credits = { type: 'integer', minimum: 0 };
const count = { type: 'integer', minimum: 0 };
const time = { type: 'string', format: 'date-time' };
const list = (properties: Record<string, JsonSchema>) => ({
  type: 'array',
  maxItems: 100,
  items: makeObject(properties),
});

const spend = {
  total: credits,
  byType: list({ type: text, credits, jobs: count }),
  byProject: list({
    project: { ...idSchema, type: ['string', 'null'], description: 'Null for work of none.' },
    name: textOrNull,
    credits,
    jobs: count,
  }),
};

export const creditsSchema: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['balance', 'held', 'available'],
  properties: {
    ...{ balance: credits, held: credits, available: credits, debt: credits },
    isFrozen: { type: 'boolean' },
  },
};

export const spendSchema = makeObject({ month: text, ...spend });

export const accountSchema = makeObject({
  user: makeObject({
    id: idSchema,
    email: text,
    username: text,
    isActive: { type: 'boolean' },
    createdAt: time,
  }),
  credits: makeObject({
    balance: credits,
    held: credits,
    available: credits,
    isFrozen: { type: 'boolean' },
  }),
  holds: list({ job: idSchema, type: textOrNull, amount: credits, createdAt: time }),
  entries: list({
    ...{ id: idSchema, sequence: count, createdAt: time, type: text, cause: text },
    ...{ amount: { type: 'integer' }, balanceAfter: credits, reason: textOrNull },
  }),
  spend: makeObject({ month: text, ...spend }),
  usage: list({
    metric: text,
    dimensions: { type: 'object' },
    count,
    sum: { type: 'number' },
  }),
});
