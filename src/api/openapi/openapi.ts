import type { ErrorCode } from '../../errors.ts';
import type { EventType } from '../../services/webhooks/event-types.ts';
import { STATUS } from '../http/problems.ts';
import type { Components, JsonSchema, Route } from '../http/route.ts';
import { bodySchema } from './body-schema.ts';
import { EXAMPLE_ID, makeExample } from './examples.ts';
import { describeLinks } from './links.ts';
import { describeHeaders, describeProblem, namedHeaders, problemSchema } from './responses.ts';
import { idSchema, shareComponent } from './schemas.ts';
import { describeTags } from './tags.ts';
import { describeWebhooks } from './webhooks.ts';

/** What operations refer to by name (`$ref`). */
interface Shared {
  schemas: Components;
  parameters: Map<string, string>;
  problems: Components;
}

/** Makes the OpenAPI 3.1 document of some routes, and of the events that webhooks tell of. */
export function describeApi(
  routes: Route[],
  version: string,
  events: EventType[] = [],
): JsonSchema {
  const paths: Record<string, Record<string, unknown>> = {};
  const sorted = [...routes].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  const shared: Shared = {
    schemas: new Map([['Problem', problemSchema]]),
    parameters: shareParameters(sorted),
    problems: new Map(),
  };
  for (const route of sorted) {
    paths[route.path] ??= {};
    (paths[route.path] as JsonSchema)[route.method.toLowerCase()] = describeOperation(
      route,
      sorted,
      shared,
    );
  }
  const webhooks = describeWebhooks(events, shared.schemas);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Mixdown',
      version,
      description: 'The backend for AI music and video apps.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: describeTags(new Set(sorted.map((r) => r.tag))),
    paths,
    webhooks,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
      },
      schemas: sortByName(shared.schemas),
      parameters: sortByName(
        new Map([...shared.parameters].map(([text, name]) => [name, JSON.parse(text)])),
      ),
      headers: namedHeaders,
      responses: sortByName(shared.problems),
    },
  };
}

function sortByName(components: Components): JsonSchema {
  return Object.fromEntries([...components].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function describeOperation(route: Route, routes: Route[], shared: Shared): JsonSchema {
  return {
    operationId: route.id,
    summary: route.summary,
    tags: [route.tag],
    security: route.access === 'anyone' ? [] : [{ bearer: [] }],
    ...(route.access === 'admin' && { description: 'For administrators.' }),
    parameters: describeParameters(route).map((parameter) => {
      const name = shared.parameters.get(JSON.stringify(parameter));
      return name ? { $ref: `#/components/parameters/${name}` } : parameter;
    }),
    ...(route.body && { requestBody: describeRequestBody(route, shared) }),
    responses: { ...describeSuccesses(route, routes, shared), ...describeRefusals(route, shared) },
  };
}

/**
 * Finds the parameters that several operations have, and the name of each in the document, by its
 * JSON.
 */
function shareParameters(routes: Route[]): Map<string, string> {
  const takers = new Map<string, Set<string>>();
  const shared = new Map<string, string>();
  for (const route of routes) {
    for (const parameter of describeParameters(route)) {
      const text = JSON.stringify(parameter);
      const tags = takers.get(text);
      takers.set(text, new Set([...(tags ?? []), route.tag]));
      if (tags) shared.set(text, '');
    }
  }
  const taken = new Set<string>();
  for (const text of shared.keys()) {
    const { name } = JSON.parse(text) as { name: string };
    const plain = name.replace('[', '.').replace(']', '');
    const tags = [...(takers.get(text) ?? [])];
    // `limit` is the same for all tags; each tag has a `fields` of its own.
    const names = [...(tags.length > 1 ? [plain] : []), `${tags[0]}.${plain}`];
    const free = names.find((it) => !taken.has(it));
    if (!free) shared.delete(text);
    else {
      shared.set(text, free);
      taken.add(free);
    }
  }
  return shared;
}

function describeParameters(route: Route): JsonSchema[] {
  const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: name === 'id' ? idSchema : { type: 'string', pattern: '^[A-Za-z0-9_.-]{1,64}$' },
    ...(name === 'id' && { example: EXAMPLE_ID }),
  }));
  const inQuery = (route.query ?? []).map(({ name, description, schema, required, example }) => ({
    name,
    in: 'query',
    description,
    ...(required && { required, example }),
    schema: schema ?? { type: 'string' },
    ...(schema?.type === 'array' && { style: 'form', explode: false }),
  }));
  const inHeader: JsonSchema[] = [];
  if (route.method === 'POST') {
    inHeader.push({
      ...describeHeader('Idempotency-Key', { minLength: 1, maxLength: 255 }),
      ...(route.needsKey && { required: true, example: EXAMPLE_ID }),
    });
  }
  if (route.conditional) {
    inHeader.push(describeHeader(route.method === 'GET' ? 'If-None-Match' : 'If-Match', {}));
  }
  return [...inPath, ...inQuery, ...inHeader];
}

function describeHeader(name: string, rules: JsonSchema): JsonSchema {
  return { name, in: 'header', schema: { type: 'string', ...rules } };
}

function describeRequestBody(
  { id, body, method, example, isBodyOptional }: Route,
  { schemas }: Shared,
): JsonSchema {
  const made = bodySchema(body as NonNullable<Route['body']>);
  const shown = example ?? makeExample(made);
  const schema = shareComponent(schemas, `${id[0]?.toUpperCase()}${id.slice(1)}`, () => made);
  const media = { schema, ...(shown !== undefined && { example: shown }) };
  const content = {
    'application/json': media,
    ...(method === 'PATCH' && { 'application/merge-patch+json': media }),
  };
  return { required: !isBodyOptional, content };
}

function describeSuccesses(route: Route, routes: Route[], { schemas }: Shared): JsonSchema {
  const answers = Object.entries(route.success).map(([status, success]) => {
    const { description, contentType, others = [] } = success;
    const schema = typeof success.schema === 'function' ? success.schema(schemas) : success.schema;
    const type = contentType ?? (schema && 'application/json');
    const headers = describeHeaders(route, Number(status), isDocument(schema, schemas));
    const links = describeLinks(route, Number(status), routes);
    const answer = {
      description,
      headers,
      ...(type && {
        content: {
          [type]: { ...(schema && { schema }) },
          ...Object.fromEntries(others.map((other) => [other, { schema: { type: 'string' } }])),
        },
      }),
      ...(links && { links }),
    };
    return [status, answer];
  });
  return Object.fromEntries(answers);
}

/** Whether an answer is a document, which has an ETag. */
function isDocument(schema: JsonSchema | undefined, schemas: Components): boolean {
  const name = String(schema?.$ref).split('/').at(-1) as string;
  return (schemas.get(name)?.properties as JsonSchema | undefined)?.updatedAt !== undefined;
}

function describeRefusals(route: Route, { schemas, problems }: Shared): JsonSchema {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of new Set(listCodes(route))) {
    byStatus.set(STATUS[code], [...(byStatus.get(STATUS[code]) ?? []), code]);
  }
  const answers: JsonSchema = {};
  for (const [status, codes] of [...byStatus].sort(([a], [b]) => a - b)) {
    if (route.success[status]) continue;
    const name = codes.sort().join('-');
    if (!problems.has(name)) problems.set(name, describeProblem(schemas, status, codes));
    answers[status] = { $ref: `#/components/responses/${name}` };
  }
  return answers;
}

/**
 * Lists every error that a route may answer: its own, and those of each stage that a request
 * passes.
 */
function listCodes(route: Route): ErrorCode[] {
  const codes: ErrorCode[] = [
    ...(route.codes ?? []),
    'RATE_LIMITED',
    'INTERNAL',
    'UNREADABLE',
    'ANSWER_TOO_LARGE',
    'UNAVAILABLE',
    'INVALID_QUERY',
  ];
  if (route.path.includes('{')) codes.push('NOT_FOUND');
  if (route.access !== 'anyone') codes.push('UNAUTHENTICATED');
  if (route.access === 'admin') codes.push('FORBIDDEN');
  codes.push('PAYLOAD_TOO_LARGE');
  if (route.body) codes.push('MALFORMED_JSON', 'UNSUPPORTED_MEDIA_TYPE', 'VALIDATION_FAILED');
  if (route.needsKey) codes.push('BAD_REQUEST');
  if (route.method === 'POST') {
    codes.push('IDEMPOTENCY_KEY_REUSED', 'IDEMPOTENCY_IN_PROGRESS', 'VALIDATION_FAILED');
  }
  return codes;
}
