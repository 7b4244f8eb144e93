import Joi from 'joi';
import { hasAtMost } from '../../data/characters.ts';
import { ID_FORM } from '../../data/ids.ts';
import { readIsoDate } from '../../data/iso-dates.ts';
import type { Field, ObjectShape, Shape } from '../../data/shape.ts';
import { describeReference } from '../openapi/schemas.ts';
import { visibleText, wellFormedText } from './text.ts';

/**
 * Makes the joi schema of the body of POST (`create`) or PATCH (`update`) from an entity's shape.
 * In an update every field is optional, and null removes an optional one (RFC 7396).
 */
export function makeBody(shape: ObjectShape, mode: 'create' | 'update'): Joi.ObjectSchema {
  const keys: Record<string, Joi.Schema> = {};
  for (const field of Object.values(shape.fields)) {
    if (isWritable(field, mode)) keys[field.publicName] = makeFieldSchema(field, mode);
  }
  return Joi.object(keys);
}

/** Whether a client may send this field. */
export function isWritable(field: Field, mode: 'create' | 'update'): boolean {
  return !field.server && !field.hidden && (mode === 'create' || !field.immutable);
}

function makeFieldSchema(field: Field, mode: 'create' | 'update'): Joi.Schema {
  const schema = describeField(makeSchema(field.shape, mode), field);
  if (mode === 'create') return field.required && !field.hasDefault ? schema.required() : schema;
  return field.required ? schema : schema.allow(null);
}

function describeField(schema: Joi.Schema, { shape, description }: Field): Joi.Schema {
  const reference = shape.kind === 'id' && shape.ref ? describeReference(shape.ref) : '';
  const text = [reference, description].filter(Boolean).join(' ');
  return text ? schema.description(text) : schema;
}

/** The id of a document, as it is written. Joi has a rule for ids that takes other forms, too. */
export function idSchema(): Joi.StringSchema {
  return Joi.string().pattern(ID_FORM, 'id').meta({ format: 'uuid' });
}

function makeSchema(shape: Shape, mode: 'create' | 'update'): Joi.Schema {
  switch (shape.kind) {
    case 'string': {
      let s = shape.trim ? visibleText() : wellFormedText();
      if (shape.lowercase) s = s.lowercase();
      if (shape.enum) return acceptOneOf(s, shape.enum);
      if (shape.min !== undefined) s = s.min(shape.min);
      if (shape.max !== undefined) s = limitText(shape.max, s);
      return shape.match ? s.pattern(shape.match) : s;
    }
    case 'number': {
      // A number that need not be an integer is stored as a double, so "unsafe" ones are fine.
      let n = shape.integer ? Joi.number().strict().integer() : Joi.number().strict().unsafe();
      if (shape.min !== undefined) n = n.min(shape.min);
      return shape.max === undefined ? n : n.max(shape.max);
    }
    case 'boolean':
      return Joi.boolean().strict();
    case 'date':
      return Joi.date().iso().custom(refuseUnreal);
    case 'id':
      return idSchema();
    case 'free':
      return limitFree(
        shape.any ? Joi.any().invalid(null) : Joi.object().unknown(),
        shape.maxBytes,
      );
    case 'map':
      return Joi.object().pattern(Joi.string(), makeSchema(shape.values, mode));
    case 'array': {
      const array = Joi.array().items(makeSchema(shape.items, 'create'));
      return shape.max === undefined ? array : array.max(shape.max);
    }
    case 'encrypted': {
      const inner = makeSchema(shape.inner, 'create');
      // Refuses the masked value of an answer (`…abcd`), which a client might send back in place of
      // the secret.
      return shape.shows ? (inner as Joi.StringSchema).pattern(/^…/, { invert: true }) : inner;
    }
    case 'object':
      return makeBody(shape, mode);
    case 'binary':
      throw new Error('A client cannot write bytes into a document.');
  }
}

/** One of these values; those that are in capitals may be given in small letters. */
function acceptOneOf(text: Joi.StringSchema, values: readonly string[]): Joi.StringSchema {
  const areCapitals = values.every((value) => value === value.toUpperCase());
  return (areCapitals ? text.uppercase() : text).valid(...values);
}

/** A joi text of at most so many characters. */
export function limitText(max: number, text = Joi.string()): Joi.StringSchema {
  // `bodySchema` reads the limit from the meta data, since joi cannot describe a custom check.
  return text
    .meta({ maxLength: max })
    .custom((value: string, { error }) =>
      hasAtMost(value, max) ? value : error('string.max', { limit: max }),
    );
}

const refuseUnreal: Joi.CustomValidator<Date> = (value, { original }) => {
  if (typeof original === 'string' && !readIsoDate(original)) throw new Error('is no such day');
  return value;
};

function limitFree(schema: Joi.Schema, maxBytes: number | undefined): Joi.Schema {
  return maxBytes === undefined ? schema : schema.custom(limitBytes(maxBytes));
}

/** A rule of joi: so many bytes at most, as JSON. */
export function limitBytes(bytes: number): Joi.CustomValidator {
  return (value) => {
    if (Buffer.byteLength(JSON.stringify(value)) > bytes) throw new Error(`exceeds ${bytes} bytes`);
    return value;
  };
}
