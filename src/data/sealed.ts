import mongoose, { type Model, type mongo, Schema } from 'mongoose';
import type { Ctx } from '../context.ts';
import { decrypt, encrypt, type Place } from './cipher.ts';
import type { Base, Entity } from './entity.ts';
import { idText, type UUID } from './ids.ts';
import type { Encrypted } from './schema-words.ts';
import type { Shape } from './shape.ts';

type Values = Record<string, unknown>;

/** What is stored of a sealed field: its ciphertext, and what of it is shown. */
export interface Sealed {
  bytes: Uint8Array | mongo.Binary;
  last4?: string | null;
}

/** The document that a value is bound to: sealed there, it opens nowhere else. */
export interface Owner {
  _id: UUID;
  user?: UUID | null;
}

/** Whether a field still holds its ciphertext. */
export function isSealed(value: unknown): value is Sealed {
  if (typeof value !== 'object' || value === null || !('bytes' in value)) return false;
  const { bytes } = value;
  return bytes instanceof Uint8Array || bytes instanceof mongoose.mongo.Binary;
}

/** Whether this path of an entity is sealed, or lies in what is. */
export function isSealedPath(entity: Entity, path: string): boolean {
  return sealedFields(entity).has(path.split('.')[0] as string);
}

/**
 * Values on their way into a document: those of sealed fields are checked in clear, by Mongoose, and sealed.
 * @throws mongoose.Error.ValidationError; AppError UNAVAILABLE
 */
export async function sealFields(
  ctx: Ctx,
  entity: Entity,
  owner: Owner,
  values: Values,
): Promise<Values> {
  const given = Object.entries(values).filter(
    ([path, v]) => v != null && isSealedPath(entity, path),
  );
  if (given.length === 0) return values;
  const within = given.find(([path]) => path.includes('.'));
  if (within) throw new Error(`${entity.name}.${within[0]}: a sealed field is written whole.`);
  const document = new (clearModel(entity))(Object.fromEntries(given));
  await document.validate();
  const clear = document.toObject({ flattenMaps: true }) as unknown as Values;
  const sealed: Values = { ...values };
  for (const [path] of given) sealed[path] = await seal(ctx, entity, owner, path, clear[path]);
  return sealed;
}

/**
 * Opens the sealed fields that answers show, in the documents themselves; needs their `_id` and `user`.
 * @throws AppError UNREADABLE, UNAVAILABLE
 */
export async function openSealed(ctx: Ctx, entity: Entity, documents: Base[]): Promise<void> {
  const { shown } = fieldsOf(entity);
  if (shown.length === 0) return;
  for (const document of documents) {
    for (const path of shown) {
      const value = await open(ctx, entity, document, path);
      if (value !== undefined) (document as unknown as Values)[path] = value;
    }
  }
}

/** Whether answers of this entity show what must be opened first, for which its owner must be read. */
export function showsSealed(entity: Entity): boolean {
  return fieldsOf(entity).shown.length > 0;
}

/** Seals one value, as `insert` and `update` do for themselves. @throws AppError UNAVAILABLE */
export async function seal(
  ctx: Ctx,
  entity: Entity,
  owner: Owner,
  path: string,
  value: unknown,
): Promise<Sealed> {
  const bytes = await encrypt(ctx, placeOf(entity, owner, path), value);
  const shows = sealedFields(entity).get(path)?.shows;
  return { bytes, ...(shows && { last4: last4(value as string) }) };
}

/**
 * What a sealed field of a document holds, for services that need the secret itself; undefined when it
 * holds nothing. @throws AppError UNREADABLE when it was sealed elsewhere or is spoilt; UNAVAILABLE
 */
export async function open<T = unknown>(
  ctx: Ctx,
  entity: Entity,
  document: Owner,
  path: string,
): Promise<T | undefined> {
  const stored = (document as unknown as Values)[path];
  if (stored === undefined || stored === null) return undefined;
  if (!isSealed(stored)) throw new Error(`${entity.name}.${path} is open already.`);
  const { bytes } = stored;
  const all = Buffer.from(bytes instanceof Uint8Array ? bytes : bytes.buffer);
  return (await decrypt(ctx, placeOf(entity, document, path), all)) as T;
}

function placeOf(entity: Entity, { _id, user }: Owner, path: string): Place {
  return { entity: entity.name, path, document: idText(_id), user: user ? idText(user) : '' };
}

/** Of a short secret four characters would be too much of it. */
function last4(clear: string): string {
  return clear.length < 12 ? '' : clear.slice(-4);
}

type SealedShape = Extract<Shape, { kind: 'sealed' }>;

/** By entity: its sealed fields, and which of them an answer shows opened. Looked at with each answer. */
const known = new Map<Entity, { sealed: Map<string, SealedShape>; shown: string[] }>();

function fieldsOf(entity: Entity) {
  let fields = known.get(entity);
  if (!fields) {
    fields = { sealed: new Map(), shown: [] };
    for (const [path, { shape, hidden }] of Object.entries(entity.shape.fields)) {
      if (shape.kind !== 'sealed') continue;
      fields.sealed.set(path, shape);
      if (!hidden && !shape.shows) fields.shown.push(path);
    }
    known.set(entity, fields);
  }
  return fields;
}

function sealedFields(entity: Entity): Map<string, SealedShape> {
  return fieldsOf(entity).sealed;
}

const models = new Map<Entity, Model<object>>();

/** The sealed fields of an entity as Mongoose checks them: in clear, and never stored. */
function clearModel(entity: Entity): Model<object> {
  let model = models.get(entity);
  if (!model) {
    const inner = [...sealedFields(entity).keys()].map((path) => {
      const { encrypted } = entity.schema.path(path).options as { encrypted: Encrypted };
      return [path, encrypted.inner];
    });
    const schema = new Schema(Object.fromEntries(inner), {
      _id: false,
      strict: 'throw',
      minimize: false,
      autoIndex: false,
      autoCreate: false,
    });
    model = mongoose.model<object>(`${entity.name} in clear`, schema);
    models.set(entity, model);
  }
  return model;
}
