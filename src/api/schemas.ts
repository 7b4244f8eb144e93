import type { Entity } from '../data/entity.ts';
import type { ObjectShape, Shape } from '../data/shape.ts';
import { answeredAs } from './output.ts';
import type { JsonSchema } from './route.ts';

export const idSchema: JsonSchema = { type: 'string', format: 'uuid' };

/** The JSON Schema of a document as it is answered, with what `?include=` may put into it. */
export function documentSchema(entity: Entity, include: string[]): JsonSchema {
  const schema = objectSchema(entity.shape, (name) => answeredAs(entity, name));
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
  return { ...schema, properties: { ...(schema.properties as object), ...more } };
}

/** The JSON Schema of a page of documents. */
export function pageSchema(entity: Entity, include: string[]): JsonSchema {
  const item = documentSchema(entity, include);
  // `?fields=` leaves out whatever was not asked for.
  delete item.required;
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
  for (const [name, field] of Object.entries(shape.fields)) {
    if (!field.hidden) properties[nameOf(name)] = schemaOf(field.shape);
  }
  return { type: 'object', additionalProperties: false, properties };
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
      return idSchema;
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
