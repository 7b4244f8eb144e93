import type { Entity } from '../../data/entity.ts';
import { ID_FORM } from '../../data/ids.ts';
import type { Field, ObjectShape, Shape } from '../../data/shape.ts';
import type { Components, JsonSchema } from '../http/route.ts';
import { nameOne } from './names.ts';

/** An id: the lower-case text of a UUID. */
export const idSchema: JsonSchema = {
  type: 'string',
  format: 'uuid',
  pattern: ID_FORM.source,
};

/**
 * A schema that is made with the OpenAPI document: it adds the schemas that it refers to to the
 * components.
 */
export type Described = (components: Components) => JsonSchema;

/** The schema of a document as a write answers it. */
export function documentSchema(entity: Entity): Described {
  const name = nameOne(entity.name);
  return (components) => shareComponent(components, name, () => describeEntity(entity));
}

type Members = Record<string, JsonSchema | Described>;

/**
 * The schema of a document with members of its own beside its fields, as a component of this name:
 * generators of clients drop what stands beside a `$ref`.
 */
export function documentWith(
  name: string,
  entity: Entity,
  required: Members,
  optional: Members = {},
): Described {
  return (components) =>
    shareComponent(components, name, () => {
      const own = describeEntity(entity);
      const more = Object.entries({ ...required, ...optional }).map(([member, schema]) => {
        return [member, typeof schema === 'function' ? schema(components) : schema];
      });
      return {
        ...own,
        required: [...((own.required ?? []) as string[]), ...Object.keys(required)],
        properties: { ...(own.properties as JsonSchema), ...Object.fromEntries(more) },
      };
    });
}

/** Adds a schema to the components, unless it is there, and returns the reference to it. */
export function shareComponent(
  components: Components,
  name: string,
  make: () => JsonSchema,
): JsonSchema {
  if (!components.has(name)) components.set(name, make());
  return referTo(name);
}

function referTo(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}

/** The schema of a document with all the fields that clients see. */
export function describeEntity(entity: Entity): JsonSchema {
  return { description: entity.options.about, ...objectSchema(entity.shape) };
}

function objectSchema(shape: ObjectShape): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  for (const field of Object.values(shape.fields)) {
    if (field.hidden) continue;
    const name = field.publicName;
    properties[name] = fieldSchema(field);
    if (field.required) required.push(name);
  }
  return {
    type: 'object',
    additionalProperties: false,
    ...(required.length > 0 && { required }),
    properties,
  };
}

/** The schema of a field of a document, with its description. */
function fieldSchema(field: Field): JsonSchema {
  const schema = describeShape(field.shape);
  const description = [schema.description, field.description].filter(Boolean).join(' ');
  return { ...schema, ...(description && { description }) };
}

function describeShape(shape: Shape): JsonSchema {
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
      return shape.ref ? { ...idSchema, description: describeReference(shape.ref) } : idSchema;
    case 'free':
      return shape.any ? {} : { type: 'object' };
    case 'map':
      return { type: 'object', additionalProperties: describeShape(shape.values) };
    case 'array':
      return { type: 'array', items: describeShape(shape.items) };
    case 'encrypted':
      return shape.shows
        ? { type: 'string', description: 'Its last four characters: `…abcd`.' }
        : describeShape(shape.inner);
    case 'object':
      return objectSchema(shape);
    case 'binary':
      return { type: 'string', contentEncoding: 'base64' };
  }
}

/** The description of a reference, by which `npm run test:fuzz` finds what it refers to. */
export function describeReference(entity: string): string {
  return `The id of ${/^[AEIOU]/.test(entity) ? 'an' : 'a'} ${entity}.`;
}

/**
 * The schema of a query parameter that filters by a field: `status`, `status[in]`,
 * `createdAt[gte]`.
 */
export function filterSchema(entity: Entity, name: string): JsonSchema {
  const [field = '', operator] = name.replace(']', '').split('[');
  const shape = entity.shape.fields[field]?.shape;
  const value = shape && valueSchema(shape);
  if (!value) throw new Error(`${entity.name} cannot be filtered by ${name}.`);
  return operator === 'in' ? { type: 'array', items: value, minItems: 1, maxItems: 20 } : value;
}

function valueSchema(shape: Shape): JsonSchema {
  // A query may not hold NUL.
  if (shape.kind === 'string' && !shape.enum) return { type: 'string', pattern: '^[^\\x00]*$' };
  const { minimum, maximum, description, ...schema } = describeShape(shape);
  return schema;
}
