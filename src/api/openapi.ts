import type { ErrorCode } from '../errors.ts';
import { bodySchema } from './body-schema.ts';
import { EXAMPLE_ID, exampleOf } from './examples.ts';
import { linksOf } from './links.ts';
import { STATUS } from './problems.ts';
import { headersOf, namedHeaders, problemResponse, problemSchema } from './responses.ts';
import type { JsonSchema, Route } from './route.ts';
import { idSchema, trimmedSchema } from './schemas.ts';

/** The OpenAPI 3.1 document of some routes. */
export function openApi(routes: Route[], version: string): JsonSchema {
  const paths: Record<string, Record<string, unknown>> = {};
  const problems: Record<string, JsonSchema> = {};
  const sorted = [...routes].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  for (const route of sorted) {
    paths[route.path] ??= {};
    (paths[route.path] as JsonSchema)[route.method.toLowerCase()] = operation(
      route,
      sorted,
      problems,
    );
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
      headers: namedHeaders,
      responses: Object.fromEntries(Object.entries(problems).sort(([a], [b]) => (a < b ? -1 : 1))),
    },
  };
}

function operation(
  route: Route,
  routes: Route[],
  problems: Record<string, JsonSchema>,
): JsonSchema {
  return {
    operationId: route.id,
    summary: route.summary,
    tags: [route.tag],
    security: route.access === 'anyone' ? [] : [{ bearer: [] }],
    ...(route.access === 'admin' && { description: 'For administrators.' }),
    parameters: parameters(route),
    ...(route.body && { requestBody: requestBody(route) }),
    responses: { ...successes(route, routes), ...refusals(route, problems) },
  };
}

function parameters(route: Route): JsonSchema[] {
  const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: name === 'id' ? idSchema : { type: 'string', pattern: '^[A-Za-z0-9_.-]{1,64}$' },
    ...(name === 'id' && { example: EXAMPLE_ID }),
  }));
  const inQuery = (route.query ?? []).map(({ name, description, schema }) => ({
    name,
    in: 'query',
    description,
    schema: schema ?? { type: 'string' },
    ...(schema?.type === 'array' && { style: 'form', explode: false }),
  }));
  const inHeader: JsonSchema[] = [];
  if (route.method === 'POST') {
    inHeader.push(header('Idempotency-Key', { minLength: 1, maxLength: 255 }));
  }
  if (route.conditional) {
    inHeader.push(header(route.method === 'GET' ? 'If-None-Match' : 'If-Match', {}));
  }
  return [...inPath, ...inQuery, ...inHeader];
}

function header(name: string, rules: JsonSchema): JsonSchema {
  return { name, in: 'header', schema: { type: 'string', ...rules } };
}

function requestBody({ body, method, example }: Route): JsonSchema {
  const schema = bodySchema(body as NonNullable<Route['body']>);
  const shown = example ?? exampleOf(schema);
  const media = { schema, ...(shown !== undefined && { example: shown }) };
  const content = {
    'application/json': media,
    ...(method === 'PATCH' && { 'application/merge-patch+json': media }),
  };
  return { required: true, content };
}

function successes(route: Route, routes: Route[]): JsonSchema {
  const isTrimmed = route.query?.some((p) => p.name === 'fields') === true;
  const answers = Object.entries(route.success).map(([status, success]) => {
    const { description, contentType } = success;
    const schema = success.schema && isTrimmed ? trimmedSchema(success.schema) : success.schema;
    const type = contentType ?? (schema && 'application/json');
    const headers = headersOf(route, Number(status), schema);
    const links = linksOf(route, Number(status), routes);
    const answer = {
      description,
      headers,
      ...(type && { content: { [type]: { ...(schema && { schema }) } } }),
      ...(links && { links }),
    };
    return [status, answer];
  });
  return Object.fromEntries(answers);
}

function refusals(route: Route, problems: Record<string, JsonSchema>): JsonSchema {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of new Set(codesOf(route))) {
    byStatus.set(STATUS[code], [...(byStatus.get(STATUS[code]) ?? []), code]);
  }
  const answers: JsonSchema = {};
  for (const [status, codes] of [...byStatus].sort(([a], [b]) => a - b)) {
    if (route.success[status]) continue;
    const name = codes.sort().join('-');
    problems[name] ??= problemResponse(status, codes);
    answers[status] = { $ref: `#/components/responses/${name}` };
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
