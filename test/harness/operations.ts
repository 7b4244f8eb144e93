import { resources, served } from '../../scripts/served.ts';
import type { JsonSchema, Route } from '../../src/api/http/route.ts';
import { EXAMPLE_ID } from '../../src/api/openapi/examples.ts';
import { newId } from '../../src/data/ids.ts';
import type { Everything } from './everything.ts';
import { PASSWORD } from './given.ts';
import { openApiDocument } from './openapi-document.ts';

type Json = Record<string, unknown>;

/** Every operation of the API, as the code has it. */
export const routes: readonly Route[] = Object.values(served).flatMap((s) => s.routes);

/** Every operation of the API, as its OpenAPI document tells of it. */
export interface Operation {
  id: string;
  method: string;
  path: string;
  access: 'anyone' | 'user' | 'admin';
  /** Its query parameters, and which of them take an id. */
  query: { name: string; isId: boolean }[];
  /** Those that it must have, as examples: `?metric=exports`; empty where there are none. */
  requiredQuery: string;
  /** The names of the headers that it must have. */
  requiredHeaders: string[];
  body: { schema: JsonSchema; example: Json | undefined } | undefined;
  statuses: number[];
}

interface Described {
  operationId: string;
  description?: string;
  security: unknown[];
  parameters: JsonSchema[];
  requestBody?: { content: Record<string, { schema: JsonSchema; example?: Json }> };
  responses: Record<string, unknown>;
}

export const operations: readonly Operation[] = readOperations();

function readOperations(): Operation[] {
  const { paths } = openApiDocument as { paths: Record<string, Record<string, Described>> };
  const whole = (part: JsonSchema) => resolved(openApiDocument, part);
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, it]): Operation => {
      const body = it.requestBody?.content['application/json'];
      const forAdmins = it.description === 'For administrators.';
      return {
        id: it.operationId,
        method: method.toUpperCase(),
        path,
        access: it.security.length === 0 ? 'anyone' : forAdmins ? 'admin' : 'user',
        requiredQuery: printRequired(it.parameters.map(whole)),
        requiredHeaders: it.parameters.map(whole).flatMap(({ in: where, name, required }) => {
          return where === 'header' && required ? [name as string] : [];
        }),
        query: it.parameters.map(whole).flatMap(({ in: where, name, schema }) => {
          const { format } = whole(schema as JsonSchema);
          return where === 'query' ? [{ name: name as string, isId: format === 'uuid' }] : [];
        }),
        body: body && { schema: whole(body.schema), example: body.example },
        statuses: Object.keys(it.responses).map(Number),
      };
    }),
  );
}

function printRequired(parameters: JsonSchema[]): string {
  const needed = parameters.filter((one) => one.in === 'query' && one.required);
  const pairs = needed.map(({ name, example }) => [name, example] as [string, string]);
  return needed.length > 0 ? `?${new URLSearchParams(pairs)}` : '';
}

/** A part of a document, or what it refers to in it. */
function resolved(document: JsonSchema, part: JsonSchema): JsonSchema {
  if (typeof part.$ref !== 'string') return part;
  const names = part.$ref.replace('#/', '').split('/');
  return names.reduce((at, name) => at[name] as JsonSchema, document);
}

/** Whose documents a path names by `{id}`, where no resource says so; null = of nothing that is stored yet. */
const PLACES: Record<string, string | null> = {
  '/v1/users': 'User',
  '/v1/admin/payments': 'Payment',
  '/v1/admin/accounts': 'User',
  '/v1/privacy/exports': null,
  '/v1/webhook-endpoints/deliveries': 'WebhookDelivery',
};

/** The entity whose document an operation names by `{id}`; undefined where there is none. */
export function entityAt(path: string): string | undefined {
  if (!path.includes('{id}')) return undefined;
  const collection = path.split('/{id}')[0] as string;
  const resource = resources.find((r) => r.options.path === collection);
  const name = resource?.entity.name ?? PLACES[collection];
  if (name === undefined) {
    throw new Error(`Whose documents are at ${collection}? Say so in PLACES (test/harness).`);
  }
  return name ?? undefined;
}

/** The paths that name documents by an id, each with its entity. */
export const places: [path: string, entity: string | undefined][] = [
  ...new Map(
    operations
      .filter(({ path }) => path.includes('{id}'))
      .map(({ path }) => [path.split('/{id}')[0] as string, entityAt(path)] as const),
  ),
];

/** What an example cannot tell of a body: secrets, names that must be new, fields that rule each other out. */
const SPECIAL: Record<string, (of: Everything, example: Json) => Json> = {
  register: () => ({ ...newName(), password: 'a fine long password' }),
  login: ({ person }) => ({ login: person.email, password: PASSWORD }),
  logout: () => ({ refreshToken: 'x'.repeat(64) }),
  refresh: () => ({ refreshToken: 'x'.repeat(64) }),
  changeEmail: ({ person }) => ({ email: person.email, password: PASSWORD }),
  changePassword: () => ({ currentPassword: PASSWORD, newPassword: PASSWORD }),
  requestPasswordReset: ({ person }) => ({ email: person.email }),
  createComfyUIExecution: ({ ids }) => ({
    workflow: ids.ComfyUIWorkflowConfig,
    project: ids.Project,
    parameters: {},
  }),
  createComfyUIBatch: ({ ids }) => ({ workflow: ids.ComfyUIWorkflowConfig, project: ids.Project }),
  decideComfyUIExecutionReview: () => ({ decision: 'ALLOW' }),
  importComfyUIWorkflow: () => ({ name: 'Found', graph: WORKFLOW.graph }),
  createComfyUIWorkflow: (_, example) => ({ ...example, ...WORKFLOW }),
  updateComfyUIWorkflow: (_, example) => ({ ...example, ...WORKFLOW }),
  createLlmInteraction: () => ({ model: 'qwen-omni', prompt: 'Hello.' }),
  createLlmModel: (_, example) => ({ ...example, name: newName().username }),
  createRetentionPolicy: (_, example) => ({ ...example, entity: 'Track' }),
  updateRetentionPolicy: (_, example) => ({ ...example, entity: 'Track' }),
  createRunPodConfiguration: (_, example) => ({
    ...example,
    name: 'A configuration',
    apiKey: 'x'.repeat(32),
  }),
  grantCredits: ({ person }, example) => ({ amount: 10, reason: example.reason, user: person.id }),
  adjustCredits: ({ person }) => ({ amount: 3, reason: 'for a test', user: person.id }),
  overrideAllowances: ({ person }) => ({ limits: { jobs: 9000 }, reason: 'more', user: person.id }),
  reverseCredits: () => ({ entry: MISSING, reason: 'a mistake' }),
  switchSpending: () => ({ isStopped: false, reason: 'It goes on.' }),
  // Nobody loses what they may do by it.
  updateUser: () => ({ isActive: true }),
};

const MISSING = '01980000-0000-7000-8000-000000000001';
const WORKFLOW = {
  graph: { 1: { class_type: 'KSampler', inputs: { seed: 1 } } },
  parameters: [],
  outputs: [{ node: '1', kind: 'IMAGE' }],
  isPublic: false,
};

const strangest = Object.keys(SPECIAL).filter((id) => !operations.some((o) => o.id === id));
if (strangest.length > 0) throw new Error(`SPECIAL names what is no operation: ${strangest}.`);

function newName() {
  const username = `n${newId(Date.now()).toHexString().replaceAll('-', '').slice(-20)}`;
  return { username, email: `${username}@example.com` };
}

/** A body that an operation takes, its references to what this one has. @throws Error when none is known */
export function bodyFor(id: string, of: Everything): Json | undefined {
  const operation = operations.find((o) => o.id === id);
  if (!operation?.body) return undefined;
  const { schema, example } = operation.body;
  const special = SPECIAL[id];
  if (!example && !special) {
    throw new Error(
      `${id} has no example: give its route one, or add it to SPECIAL (test/harness).`,
    );
  }
  const referring = Object.fromEntries(
    bodyReferences(operation).map(({ name, to }) => [name, of.ids[to]]),
  );
  const body = special ? special(of, { ...example, ...referring }) : { ...example, ...referring };
  const left = Object.entries(body).find(([n, v]) => v === EXAMPLE_ID && isReference(schema, n));
  if (left) throw new Error(`${id}: whose id is ${left[0]}? Add it to SPECIAL (test/harness).`);
  return body;
}

/** The fields of an operation's body that refer to documents, and to which. */
export function bodyReferences({ body }: Operation): { name: string; to: string }[] {
  const properties = (body?.schema.properties ?? {}) as Record<string, JsonSchema>;
  return Object.entries(properties).flatMap(([name, schema]) => {
    const to = refersTo(schema);
    return to ? [{ name, to }] : [];
  });
}

function isReference(schema: JsonSchema, name: string): boolean {
  const property = (schema.properties as Record<string, JsonSchema>)[name];
  return property?.format === 'uuid' || refersTo(property ?? {}) !== undefined;
}

function refersTo(schema: JsonSchema): string | undefined {
  return /^The id of a (\w+)\.$/.exec(String(schema.description))?.[1];
}
