import type { Entity } from '../data/entity.ts';
import type { ObjectShape, Shape } from '../data/shape.ts';
import { answeredAs } from './output.ts';
import type { JsonSchema } from './route.ts';

/** An id: the lower-case text of a UUID. */
export const idSchema: JsonSchema = {
  type: 'string',
  format: 'uuid',
  pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
};

/** The JSON Schema of a document as it is answered, with what `?include=` may put into it. */
export function documentSchema(entity: Entity, include: string[]): JsonSchema {
  const schema: JsonSchema = {
    title: entity.name,
    ...objectSchema(entity.shape, (name) => answeredAs(entity, name)),
  };
  const properties = schema.properties as Record<string, JsonSchema>;
  for (const name of include) {
    properties[name] = properties[name]
      ? { anyOf: [properties[name], { type: 'object' }] }
      : { type: ['array', 'object'] };
  }
  if (include.length > 0) {
    properties._more = { type: 'object', additionalProperties: { type: 'string' } };
  }
  return schema;
}

/** The schema of an object with some more properties. */
export function withMore(schema: JsonSchema, more: Record<string, JsonSchema> = {}): JsonSchema {
  return {
    ...schema,
    required: [...((schema.required as string[] | undefined) ?? []), ...Object.keys(more)],
    properties: { ...(schema.properties as object), ...more },
  };
}

/** The schema of a document of which `?fields=` leaves out whatever was not asked for, but the id. */
export function trimmedSchema(schema: JsonSchema): JsonSchema {
  const { id } = (schema.properties ?? {}) as JsonSchema;
  return id ? { ...schema, required: ['id'] } : schema;
}

/** The JSON Schema of a page of documents. */
export function pageSchema(entity: Entity, include: string[]): JsonSchema {
  const item = trimmedSchema(documentSchema(entity, include));
  return {
    type: 'object',
    required: ['data', 'nextCursor'],
    additionalProperties: false,
    properties: {
      data: { type: 'array', maxItems: 100, items: item },
      nextCursor: { type: ['string', 'null'] },
    },
  };
}

function objectSchema(shape: ObjectShape, nameOf = (name: string) => name): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  for (const [key, field] of Object.entries(shape.fields)) {
    if (field.hidden) continue;
    const name = nameOf(key);
    properties[name] = schemaOf(field.shape);
    if (field.required) required.push(name);
  }
  return {
    type: 'object',
    additionalProperties: false,
    ...(required.length > 0 && { required }),
    properties,
  };
}

function schemaOf(shape: Shape): JsonSchema {
  switch (shape.kind) {
    case 'string':
      return {
        type: 'string',
        ...(shape.enum && { enum: [...shape.enum] }),
        ...(shape.max !== undefined && { maxLength: shape.max }),
      };
    case 'number':
      return {
        type: shape.integer ? 'integer' : 'number',
        ...(shape.min !== undefined && { minimum: shape.min }),
        ...(shape.max !== undefined && { maximum: shape.max }),
      };
    case 'boolean':
      return { type: 'boolean' };
    case 'date':
      return { type: 'string', format: 'date-time' };
    case 'id':
      return shape.ref ? { ...idSchema, description: referenceTo(shape.ref) } : idSchema;
    case 'free':
      return { type: 'object' };
    case 'map':
      return { type: 'object', additionalProperties: schemaOf(shape.values) };
    case 'array':
      return { type: 'array', items: schemaOf(shape.items) };
    case 'sealed':
      return shape.shows
        ? { type: 'string', description: 'Its last four characters: `…abcd`.' }
        : schemaOf(shape.inner);
    case 'object':
      return objectSchema(shape);
    case 'binary':
      return { type: 'string', contentEncoding: 'base64' };
  }
}

/** What documents say of a reference; `npm run test:fuzz` finds what it refers to by it. */
export function referenceTo(entity: string): string {
  return `The id of ${/^[AEIOU]/.test(entity) ? 'an' : 'a'} ${entity}.`;
}

/** The schema of a query parameter that filters by a field: `status`, `status[in]`, `createdAt[gte]`. */
export function filterSchema(entity: Entity, name: string): JsonSchema {
  const [field = '', operator] = name.replace(']', '').split('[');
  const shape = entity.shape.fields[field]?.shape;
  const value = shape && valueSchema(shape);
  if (!value) throw new Error(`${entity.name} cannot be filtered by ${name}.`);
  return operator === 'in' ? { type: 'array', items: value, minItems: 1, maxItems: 20 } : value;
}

function valueSchema(shape: Shape): JsonSchema {
  // In a query there is no NUL.
  if (shape.kind === 'string' && !shape.enum) return { type: 'string', pattern: '^[^\\x00]*$' };
  const { minimum, maximum, description, ...schema } = schemaOf(shape);
  return schema;
}
