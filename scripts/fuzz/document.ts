import { Problem } from '../demo/problem.ts';

/** A JSON Schema, as far as it is read here. */
export interface Schema {
  $ref?: string;
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
}

interface Media {
  schema: Schema;
  example?: Record<string, unknown>;
}

interface Parameter {
  $ref?: string;
  name: string;
  in: string;
  example?: unknown;
}

/** An operation of an OpenAPI document, as far as it is read here. */
export interface Operation {
  operationId: string;
  parameters: Parameter[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, { content?: Record<string, { schema?: Schema }> }>;
}

export interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema>; parameters: Record<string, Parameter> };
}

/** Every operation, with where it is. */
export interface Placed {
  method: string;
  path: string;
  operation: Operation;
}

/** The OpenAPI document of an API, with parameters and bodies where they are referred to. */
export async function readDocument(api: string): Promise<Document> {
  try {
    return inlined((await (await fetch(`${api}/v1/openapi.json`)).json()) as Document);
  } catch (cause) {
    throw new Problem(`There is no OpenAPI document at ${api}/v1/openapi.json.`, { cause });
  }
}

function inlined(document: Document): Document {
  const { schemas, parameters } = document.components;
  const nameOf = ({ $ref = '' }: { $ref?: string }) => $ref.split('/').at(-1) as string;
  for (const { operation } of operationsOf(document)) {
    operation.parameters = operation.parameters.map((p) => ({ ...(parameters[nameOf(p)] ?? p) }));
    for (const media of Object.values(operation.requestBody?.content ?? {})) {
      media.schema = schemas[nameOf(media.schema)] ?? media.schema;
    }
  }
  return document;
}

/** The operations of a document. */
export function operationsOf({ paths }: Document): Placed[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );
}

/** The entity whose id a path takes: what `GET` of the path up to its `{id}` answers. */
export function entityOf({ paths }: Document, path: string): string | undefined {
  const one = /^[^{]*\{id\}/.exec(path)?.[0];
  const schema = one && paths[one]?.get?.responses['200']?.content?.['application/json']?.schema;
  return (schema && /\/(\w+)View$/.exec(schema.$ref ?? '')?.[1]) || undefined;
}

/** A field of a body that refers to another document. */
export interface Reference {
  field: string;
  entity: string;
  isRequired: boolean;
}

/** The fields of a body that refer to other documents. */
export function referencesIn({ operation }: Placed): Reference[] {
  const { properties = {}, required = [] } =
    operation.requestBody?.content['application/json']?.schema ?? {};
  return Object.entries(properties).flatMap(([field, { description }]) => {
    const entity = /^The id of an? (\w+)\./.exec(description ?? '')?.[1];
    return entity ? [{ field, entity, isRequired: required.includes(field) }] : [];
  });
}

/** The body of an operation's example, with references to documents that are there. */
export function exampleOf(
  placed: Placed,
  ids: ReadonlyMap<string, string[]>,
): Record<string, unknown> | undefined {
  const example = placed.operation.requestBody?.content['application/json']?.example;
  if (!example) return undefined;
  const held = referencesIn(placed).map(({ field, entity }) => [field, ids.get(entity)?.[0]]);
  return { ...example, ...Object.fromEntries(held.filter(([, id]) => id)) };
}

/** The ids that an operation takes: what is deleted is not what all others work with. */
export function idsFor(method: string, ids: string[] = []): string[] {
  if (ids.length < 3) return ids;
  return method === 'delete' ? ids.slice(-2) : ids.slice(0, -2);
}

/** The document with examples that the stack knows: ids that are there, bodies that refer to them. */
export function withExamples(
  document: Document,
  ids: ReadonlyMap<string, string[]>,
  bodies: Record<string, Record<string, unknown>>,
): Document {
  const known = structuredClone(document);
  for (const placed of operationsOf(known)) {
    const { method, path, operation } = placed;
    const [id] = idsFor(method, ids.get(entityOf(known, path) ?? ''));
    for (const parameter of operation.parameters) {
      if (id && parameter.in === 'path' && parameter.name === 'id') parameter.example = id;
    }
    const example = bodies[operation.operationId] ?? exampleOf(placed, ids);
    for (const media of Object.values(operation.requestBody?.content ?? {})) {
      if (example) media.example = example;
    }
  }
  return known;
}
