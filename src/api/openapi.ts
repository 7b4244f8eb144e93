import type Joi from 'joi';
import type { ErrorCode } from '../errors.ts';
import { STATUS } from './problems.ts';
import type { JsonSchema, Route } from './route.ts';
import { idSchema } from './schemas.ts';

const PROBLEM = { $ref: '#/components/schemas/Problem' };

/** The OpenAPI 3.1 document of some routes. */
export function openApi(routes: Route[], version: string): JsonSchema {
  const paths: Record<string, Record<string, unknown>> = {};
  const sorted = [...routes].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  for (const route of sorted) {
    paths[route.path] ??= {};
    (paths[route.path] as JsonSchema)[route.method.toLowerCase()] = operation(route);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Mixdown',
      version,
      description: 'The backend for AI music and video apps.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [...new Set(sorted.map((r) => r.tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
      },
      schemas: { Problem: problemSchema },
    },
  };
}

const problemSchema: JsonSchema = {
  type: 'object',
  description: 'RFC 9457 problem details.',
  required: ['type', 'title', 'status', 'detail', 'instance', 'code'],
  additionalProperties: false,
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    instance: { type: 'string', description: 'The request id.' },
    code: { enum: Object.keys(STATUS) },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['path', 'message'],
        additionalProperties: false,
        properties: { path: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
};

function operation(route: Route): JsonSchema {
  return {
    operationId: route.id,
    summary: route.summary,
    tags: [route.tag],
    security: route.access === 'anyone' ? [] : [{ bearer: [] }],
    ...(route.access === 'admin' && { description: 'For administrators.' }),
    parameters: parameters(route),
    ...(route.body && { requestBody: requestBody(route.body, route.method) }),
    responses: responses(route),
  };
}

function parameters(route: Route): JsonSchema[] {
  const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: name === 'id' ? idSchema : { type: 'string' },
  }));
  const inQuery = (route.query ?? []).map(({ name, description, schema }) => ({
    name,
    in: 'query',
    description,
    schema: schema ?? { type: 'string' },
  }));
  const inHeader: JsonSchema[] = [];
  if (route.method === 'POST') inHeader.push(header('Idempotency-Key', { maxLength: 255 }));
  if (route.conditional) {
    inHeader.push(header(route.method === 'GET' ? 'If-None-Match' : 'If-Match', {}));
  }
  return [...inPath, ...inQuery, ...inHeader];
}

function header(name: string, rules: JsonSchema): JsonSchema {
  return { name, in: 'header', schema: { type: 'string', ...rules } };
}

interface StandardJsonSchema {
  '~standard': { jsonSchema: { input(o: { target: string }): JsonSchema } };
}

function requestBody(body: Joi.ObjectSchema, method: string): JsonSchema {
  const standard = body as unknown as StandardJsonSchema;
  const schema = standard['~standard'].jsonSchema.input({ target: 'draft-2020-12' });
  delete schema.$schema;
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  const content = {
    'application/json': { schema },
    ...(method === 'PATCH' && { [type]: { schema } }),
  };
  return { required: true, content };
}

function responses(route: Route): JsonSchema {
  const answers: JsonSchema = {};
  for (const [status, { description, schema, contentType }] of Object.entries(route.success)) {
    const type = contentType ?? (schema && 'application/json');
    answers[status] = {
      description,
      ...(type && { content: { [type]: { ...(schema && { schema }) } } }),
    };
  }
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of new Set(codesOf(route))) {
    byStatus.set(STATUS[code], [...(byStatus.get(STATUS[code]) ?? []), code]);
  }
  for (const [status, codes] of [...byStatus].sort(([a], [b]) => a - b)) {
    if (answers[status]) continue;
    answers[status] = {
      description: codes.join(', '),
      content: { 'application/problem+json': { schema: PROBLEM } },
    };
  }
  return answers;
}

/** Every error that a route may answer: its own, and those of each stage that it passes. */
function codesOf(route: Route): ErrorCode[] {
  const codes: ErrorCode[] = [
    ...(route.codes ?? []),
    'RATE_LIMITED',
    'INTERNAL',
    'UNAVAILABLE',
    'INVALID_QUERY',
  ];
  if (route.path.includes('{')) codes.push('NOT_FOUND');
  if (route.access !== 'anyone') codes.push('UNAUTHENTICATED');
  if (route.access === 'admin') codes.push('FORBIDDEN');
  codes.push('PAYLOAD_TOO_LARGE');
  if (route.body) codes.push('MALFORMED_JSON', 'UNSUPPORTED_MEDIA_TYPE', 'VALIDATION_FAILED');
  if (route.method === 'POST') {
    codes.push('IDEMPOTENCY_KEY_REUSED', 'IDEMPOTENCY_IN_PROGRESS', 'VALIDATION_FAILED');
  }
  return codes;
}
