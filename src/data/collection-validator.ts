import type { mongo } from 'mongoose';
import type { Entity } from './entity.ts';
import { UUID } from './ids.ts';
import type { ObjectShape, Shape } from './shape.ts';

const LOWEST = new UUID('00000000-0000-0000-0000-000000000000');
const HIGHEST = new UUID('ffffffff-ffff-ffff-ffff-ffffffffffff');

/** The validator that MongoDB itself applies to an entity's collection. */
export function validatorOf({ shape }: Entity): mongo.Document {
  const ids = Object.keys(shape.fields).filter((name) => shape.fields[name]?.shape.kind === 'id');
  return buildValidator(objectSchema(shape), ids);
}

/**
 * Puts a validator together: the `$jsonSchema` of a document, and a range for each of its own fields that is
 * an id, since `binData` alone would accept bytes of any length and subtype.
 */
export function buildValidator(schema: mongo.Document, ids: Iterable<string>): mongo.Document {
  const ranges = [...ids].map((name) => {
    const range = { [name]: { $gte: LOWEST, $lte: HIGHEST } };
    const isRequired = schema.required?.includes(name);
    return isRequired ? range : { $or: [{ [name]: { $exists: false } }, range] };
  });
  return { $and: [{ $jsonSchema: schema }, ...ranges] };
}

function objectSchema(shape: ObjectShape): mongo.Document {
  const entries = Object.entries(shape.fields);
  const required = entries.filter(([, f]) => f.required).map(([name]) => name);
  return {
    bsonType: 'object',
    additionalProperties: false,
    ...(required.length > 0 && { required }),
    properties: Object.fromEntries(entries.map(([name, f]) => [name, schemaOf(f.shape)])),
  };
}

function schemaOf(shape: Shape): mongo.Document {
  switch (shape.kind) {
    case 'string':
      return {
        bsonType: 'string',
        ...(shape.enum && { enum: shape.enum }),
        ...(shape.min !== undefined && { minLength: shape.min }),
        ...(shape.max !== undefined && { maxLength: shape.max }),
        ...(shape.match && !shape.match.flags && { pattern: shape.match.source }),
      };
    case 'number':
      return {
        bsonType: shape.integer ? ['int', 'long', 'double'] : 'number',
        ...(shape.integer && { multipleOf: 1 }),
        ...(shape.min !== undefined && { minimum: shape.min }),
        ...(shape.max !== undefined && { maximum: shape.max }),
      };
    case 'boolean':
      return { bsonType: 'bool' };
    case 'date':
      return { bsonType: 'date' };
    case 'binary':
    case 'id':
      return { bsonType: 'binData' };
    case 'free':
      return shape.any ? {} : { bsonType: 'object' };
    case 'map':
      return { bsonType: 'object', additionalProperties: schemaOf(shape.values) };
    case 'array':
      return {
        bsonType: 'array',
        items: schemaOf(shape.items),
        ...(shape.max !== undefined && { maxItems: shape.max }),
      };
    case 'encrypted':
      return {
        bsonType: 'object',
        additionalProperties: false,
        required: ['bytes'],
        properties: {
          bytes: { bsonType: 'binData' },
          ...(shape.shows && { last4: { bsonType: 'string', maxLength: 4 } }),
        },
      };
    case 'object':
      return objectSchema(shape);
  }
}
