import type { mongo } from 'mongoose';
import { buildValidator } from '../collection-validator.ts';
import { isSame } from './canonical-text.ts';
import type { FieldSchema, NewCollection, ValidatorChange } from './migration.ts';

/** The parts of a validator: the `$jsonSchema` of a document, and its own fields that are ids. */
interface ValidatorParts {
  schema: mongo.Document;
  ids: string[];
}

/** Takes a validator apart; undefined when it is not of the form that is made of models. */
export function splitValidator(validator: mongo.Document): ValidatorParts | undefined {
  const [first, ...ranges]: mongo.Document[] = validator.$and ?? [];
  if (!first?.$jsonSchema) return undefined;
  const schema = first.$jsonSchema;
  const ids = ranges.flatMap((range) => Object.keys(range.$or?.[1] ?? range));
  const isWhole = isSame(buildValidator(schema, ids), validator);
  return isWhole ? { schema, ids } : undefined;
}

/** The validator of a collection that is to be created. */
export function buildNewValidator({ fields, required }: NewCollection): mongo.Document {
  const properties = Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, toSchema(field)]),
  );
  const ids = Object.keys(fields).filter((name) => fields[name] === 'id');
  const isStrict = { bsonType: 'object', additionalProperties: false };
  return buildValidator({ ...isStrict, ...(required.length > 0 && { required }), properties }, ids);
}

/**
 * The validator with some of its fields changed. The same change again changes nothing.
 * @throws Error when the validator was not made of a model, or a path leads nowhere
 */
export function applyChange(
  validator: mongo.Document,
  { set = {}, unset = [], required = [], optional = [] }: ValidatorChange,
): mongo.Document {
  const parts = splitValidator(validator);
  if (!parts) throw new Error('Only a validator that was made of a model is changed by paths.');
  const schema = structuredClone(parts.schema);
  const ids = new Set(parts.ids);
  for (const path of unset) {
    const { holder, name } = findHolder(schema, path);
    delete holder?.properties?.[name];
    if (holder) setRequired(holder, name, false);
    ids.delete(path);
  }
  for (const [path, field] of Object.entries(set)) {
    const { holder, name } = findHolder(schema, path);
    if (!holder) throw new Error(`There is no field that could hold ${path}.`);
    if (name === '$[]') holder.items = toSchema(field);
    else holder.properties = { ...holder.properties, [name]: toSchema(field) };
    ids.delete(path);
    if (field === 'id' && holder === schema) ids.add(path);
  }
  for (const path of required) {
    const { holder, name } = findHolder(schema, path);
    if (!holder?.properties?.[name]) throw new Error(`There is no field ${path} to be required.`);
    setRequired(holder, name, true);
  }
  for (const path of optional) {
    const { holder, name } = findHolder(schema, path);
    if (holder) setRequired(holder, name, false);
  }
  return buildValidator(schema, ids);
}

function toSchema(field: FieldSchema): mongo.Document {
  return field === 'id' ? { bsonType: 'binData' } : field;
}

/** The schema of the object or array that holds the last name of a path, if there is one. */
function findHolder(
  schema: mongo.Document,
  path: string,
): { holder?: mongo.Document; name: string } {
  const names = path.split('.');
  const name = names.pop() as string; // a split text has one part at least
  let holder: mongo.Document | undefined = schema;
  for (const n of names) holder = n === '$[]' ? holder?.items : holder?.properties?.[n];
  return { ...(holder && { holder }), name };
}

function setRequired(holder: mongo.Document, name: string, isRequired: boolean): void {
  const before: string[] = holder.required ?? [];
  if (before.includes(name) === isRequired) return;
  const required = isRequired ? [...before, name] : before.filter((other) => other !== name);
  // MongoDB refuses an empty list.
  if (required.length > 0) holder.required = required;
  else delete holder.required;
}
