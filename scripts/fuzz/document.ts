import { Problem } from '../demo/problem.ts';

/** The parts of a JSON Schema that are read here. */
interface Schema {
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

/** The parts of an OpenAPI operation that are read here. */
interface Operation {
  operationId: string;
  parameters: Parameter[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, { content?: Record<string, { schema?: Schema }> }>;
}

export interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema>; parameters: Record<string, Parameter> };
}

/** An operation with its method and path. */
export interface Placed {
  method: string;
  path: string;
  operation: Operation;
}

/**
 * Reads the OpenAPI document of an API, and replaces references to parameters and bodies by their
 * content.
 */
export async function readDocument(api: string): Promise<Document> {
  try {
    return inlineReferences((await (await fetch(`${api}/v1/openapi.json`)).json()) as Document);
  } catch (cause) {
    throw new Problem(`There is no OpenAPI document at ${api}/v1/openapi.json.`, { cause });
  }
}

function inlineReferences(document: Document): Document {
  const { schemas, parameters } = document.components;
  const nameOf = ({ $ref = '' }: { $ref?: string }) => $ref.split('/').at(-1) as string;
  for (const { operation } of listOperations(document)) {
    operation.parameters = operation.parameters.map((p) => ({ ...(parameters[nameOf(p)] ?? p) }));
    for (const media of Object.values(operation.requestBody?.content ?? {})) {
      media.schema = schemas[nameOf(media.schema)] ?? media.schema;
    }
  }
  return document;
}

/** Lists the operations of a document. */
export function listOperations({ paths }: Document): Placed[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );
}

/** Finds the entity whose id a path takes: what GET of the path up to `{id}` returns. */
export function findEntity({ paths }: Document, path: string): string | undefined {
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

/** Finds the fields of a body that refer to other documents. */
export function findReferences({ operation }: Placed): Reference[] {
  const { properties = {}, required = [] } =
    operation.requestBody?.content['application/json']?.schema ?? {};
  return Object.entries(properties).flatMap(([field, { description }]) => {
    const entity = /^The id of an? (\w+)\./.exec(description ?? '')?.[1];
    return entity ? [{ field, entity, isRequired: required.includes(field) }] : [];
  });
}

/** Makes the example body of an operation, with references to existing documents. */
export function makeExample(
  placed: Placed,
  ids: ReadonlyMap<string, string[]>,
): Record<string, unknown> | undefined {
  const example = placed.operation.requestBody?.content['application/json']?.example;
  if (!example) return undefined;
  const held = findReferences(placed).map(({ field, entity }) => [field, ids.get(entity)?.[0]]);
  return { ...example, ...Object.fromEntries(held.filter(([, id]) => id)) };
}

/**
 * Chooses the ids for an operation: deletes get other ids than the rest, which works with its own.
 */
export function chooseIds(method: string, ids: string[] = []): string[] {
  if (ids.length < 3) return ids;
  return method === 'delete' ? ids.slice(-2) : ids.slice(0, -2);
}

/** Adds examples to a document: existing ids, and bodies that refer to them. */
export function addExamples(
  document: Document,
  ids: ReadonlyMap<string, string[]>,
  bodies: Record<string, Record<string, unknown>>,
): Document {
  const known = structuredClone(document);
  for (const placed of listOperations(known)) {
    const { method, path, operation } = placed;
    const [id] = chooseIds(method, ids.get(findEntity(known, path) ?? ''));
    for (const parameter of operation.parameters) {
      if (id && parameter.in === 'path' && parameter.name === 'id') parameter.example = id;
    }
    const example = bodies[operation.operationId] ?? makeExample(placed, ids);
    for (const media of Object.values(operation.requestBody?.content ?? {})) {
      if (example) media.example = example;
    }
  }
  return known;
}
