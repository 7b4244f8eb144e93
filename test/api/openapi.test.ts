import '../harness/place.ts';
import Joi from 'joi';
import { describe, expect, test } from 'vitest';
import { SHAPE_FAULTS } from '../../scripts/fuzz/shape-faults.ts';
import { served } from '../../scripts/served.ts';
import { checkBody } from '../../src/api/http/check-body.ts';
import { bodySchema } from '../../src/api/openapi/body-schema.ts';
import { describeApi } from '../../src/api/openapi/openapi.ts';
import { filterSchema } from '../../src/api/openapi/schemas.ts';
import { makeBody } from '../../src/api/resource/input.ts';
import type { Shape } from '../../src/data/shape.ts';
import { AppError, type Fault } from '../../src/errors.ts';
import { Project } from '../../src/models/index.ts';
import { given } from '../harness/given.ts';
import { operations } from '../harness/operations.ts';

const routes = Object.values(served).flatMap((s) => s.routes);
interface Described {
  requestBody?: { content: Record<string, { example?: unknown }> };
  parameters?: unknown[];
  responses?: Record<string, { $ref?: string }>;
}
const { paths } = describeApi(routes, '0') as { paths: Record<string, Record<string, Described>> };

test.each(routes.filter((r) => r.body).map((r) => [r.id, r] as const))(
  'the example of %s is a body that it takes',
  (_id, { path, method, body }) => {
    const operation = paths[path]?.[method.toLowerCase()];
    const example = operation?.requestBody?.content['application/json']?.example;
    expect(example, 'say an `example` in the route').toBeDefined();
    expect(() => checkBody(body as Joi.ObjectSchema, example)).not.toThrow();
  },
);

test('an Idempotency-Key may be sent with every POST, and must be to give money back', () => {
  const needing = operations.filter(({ requiredHeaders }) =>
    requiredHeaders.includes('Idempotency-Key'),
  );
  expect(needing.map(({ id }) => id)).toEqual(['refundPayment']);
  const shared = { $ref: '#/components/parameters/Idempotency-Key' };
  for (const { id, method, path } of routes.filter((route) => route.method === 'POST')) {
    const { parameters = [], responses = {} } = paths[path]?.[method.toLowerCase()] ?? {};
    if (id !== 'refundPayment') expect(parameters, id).toContainEqual(shared);
    else expect(responses[400]?.$ref).toContain('BAD_REQUEST');
  }
});

describe('the schema of a body', () => {
  const schemaOf = (of: Joi.Schema) =>
    (bodySchema(Joi.object({ it: of })).properties as Record<string, object>).it;

  test('says that a trimmed text must not be blank', () => {
    expect(schemaOf(Joi.string().trim().max(9))).toMatchObject({ pattern: '\\S', maxLength: 9 });
  });

  test('has only patterns that need no flags', () => {
    expect(schemaOf(Joi.string().pattern(/^[a-z]+$/i))).toMatchObject({ pattern: '^[a-zA-Z]+$' });
    const name = Joi.string().pattern(/^[^\p{Cc}]+$/u);
    expect(schemaOf(name)).toMatchObject({ pattern: '^[^\\x00-\\x1f\\x7f-\\x9f]+$' });
  });

  test('allows null for an enum that can be removed', () => {
    const it = Joi.string().valid('A', 'B').allow(null);
    expect(schemaOf(it)).toMatchObject({ enum: ['A', 'B', null] });
  });

  test('limits integers as joi does', () => {
    const largest = Number.MAX_SAFE_INTEGER;
    expect(schemaOf(Joi.number().integer())).toMatchObject({ minimum: -largest, maximum: largest });
    expect(schemaOf(Joi.number().integer().min(1))).toMatchObject({ minimum: 1, maximum: largest });
  });

  test('says of which fields one is required', () => {
    const body = Joi.object({ a: Joi.string(), b: Joi.string() });
    const each = [{ required: ['a'] }, { required: ['b'] }];
    expect(bodySchema(body.xor('a', 'b'))).toMatchObject({ oneOf: each });
    expect(bodySchema(body.or('a', 'b'))).toMatchObject({ anyOf: each });
  });

  test('says which URL schemes are accepted', () => {
    const it = Joi.string().uri({ scheme: ['https'] });
    expect(schemaOf(it)).toMatchObject({ format: 'uri', pattern: '^(https)://' });
  });
});

test('a number that is not an integer has the range of a double', () => {
  const shape: Shape = { kind: 'number', integer: false };
  const flags = { required: true, server: false, immutable: false, hidden: false };
  const body = makeBody(
    { kind: 'object', fields: { it: { shape, publicName: 'it', ...flags, hasDefault: false } } },
    'create',
  );
  for (const it of [8.9e222, -8.678192860003214e-303]) {
    expect(checkBody(body, { it })).toEqual({ it });
  }
});

test('a day that does not exist is refused in a body', () => {
  const shape: Shape = { kind: 'date' };
  const flags = { required: true, server: false, immutable: false, hidden: false };
  const body = makeBody(
    { kind: 'object', fields: { it: { shape, publicName: 'it', ...flags, hasDefault: false } } },
    'create',
  );
  for (const it of ['2026-02-30', '2025-02-29T00:00:00Z', '2026-04-31']) {
    expect(() => checkBody(body, { it }), it).toThrow(/it/);
  }
  for (const it of ['2024-02-29', '2026-12-31T23:59:59.999Z']) {
    expect(checkBody(body, { it })).toEqual({ it: new Date(it) });
  }
});

test('a time is accepted with any number of fractional digits, as RFC 3339 allows', async () => {
  expect(filterSchema(Project, 'createdAt[gte]')).toMatchObject({ format: 'date-time' });
  const alice = await given.user();
  const { status } = await alice.get('/v1/projects?createdAt[gte]=2026-01-31T12:00:00.123456Z');
  expect(status).toBe(200);
});

test("the fuzzer treats joi's messages about a shape as something the OpenAPI document should have said", () => {
  const body = Joi.object({
    text: Joi.string().min(2).pattern(/^a/),
    id: Joi.string().pattern(/^b/, 'id'),
    kind: Joi.string().valid('A'),
    count: Joi.number().strict().integer().min(1).max(2),
    flag: Joi.boolean().strict(),
    needed: Joi.any().required(),
    list: Joi.array().items(Joi.string()).max(1),
  });
  const sent = [
    { text: 'x', id: 'x', kind: 'B', count: 0.5, flag: 'true', list: [1, 2], unknown: 1 },
    { text: '', id: 7, kind: 7, count: 9, flag: 1, list: {}, needed: 1 },
  ];
  const faults = sent.flatMap((value): Fault[] => {
    try {
      checkBody(body, value);
    } catch (error) {
      if (error instanceof AppError) return error.errors ?? [];
      throw error;
    }
    return [];
  });
  expect(faults.length).toBeGreaterThan(12);
  expect(faults.map((f) => f.message).filter((m) => !SHAPE_FAULTS.test(m))).toEqual([]);
});
