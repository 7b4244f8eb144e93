import mongoose, { type Model, type mongo, Schema } from 'mongoose';
import type { Ctx } from '../context.ts';
import { AppError } from '../errors.ts';
import { readBytes } from './bson.ts';
import { countCharacters } from './characters.ts';
import { decryptValue, encryptValue, hasDataKey, type Place } from './cipher.ts';
import { type Base, type Entity, keepEmpty, ownerPath } from './entity.ts';
import { idText, type UUID } from './ids.ts';
import type { Encrypted } from './schema-words.ts';
import type { Shape } from './shape.ts';

type Values = Record<string, unknown>;

/** What is stored of an encrypted field: its ciphertext, and the part that answers show. */
interface Stored {
  bytes: Uint8Array | mongo.Binary;
  last4?: string | null;
}

/** The document that a ciphertext is bound to, by its id and owner. */
export type Owner = {
  _id: UUID;
  user?: UUID | null;
};

/** Whether a field still holds its ciphertext. */
export function isCiphertext(value: unknown): value is Stored {
  if (typeof value !== 'object' || value === null || !('bytes' in value)) return false;
  const { bytes } = value;
  return bytes instanceof Uint8Array || bytes instanceof mongoose.mongo.Binary;
}

/** Whether this path of an entity is, or lies in, an encrypted field. */
export function isEncryptedPath(entity: Entity, path: string): boolean {
  return getEncryptedFields(entity).encrypted.has(path.split('.')[0] as string);
}

/**
 * Validates the values of encrypted fields in plaintext, by Mongoose, and encrypts them; other
 * values stay as they are.
 * @throws mongoose.Error.ValidationError; AppError UNAVAILABLE
 */
export async function encryptFields(
  ctx: Ctx,
  entity: Entity,
  owner: Owner,
  values: Values,
): Promise<Values> {
  const given = Object.entries(values).filter(
    ([path, v]) => v != null && isEncryptedPath(entity, path),
  );
  if (given.length === 0) return values;
  const within = given.find(([path]) => path.includes('.'));
  if (within) throw new Error(`${entity.name}.${within[0]}: an encrypted field is written whole.`);
  const document = new (getClearModel(entity))(Object.fromEntries(given));
  await document.validate();
  const clear = document.toObject({ flattenMaps: true }) as Values;
  const encrypted: Values = { ...values };
  for (const [path] of given) {
    encrypted[path] = await encryptField(ctx, entity, owner, path, clear[path]);
  }
  return encrypted;
}

/** The values of a new document, with the defaults of encrypted fields, still in clear. */
export function addClearDefaults<T extends Values>(entity: Entity, values: T): T {
  const { defaults } = getEncryptedFields(entity);
  const missing = defaults.filter(([path]) => values[path] === undefined);
  if (missing.length === 0) return values;
  return { ...values, ...Object.fromEntries(missing.map(([path, make]) => [path, make()])) };
}

/** The document that `refine` judges: as it is stored, but for what is encrypted, which is in clear. */
export function showClear(entity: Entity, document: Values, clear: Values): Values {
  const fields = listEncryptedFields(entity).filter((path) => clear[path] != null);
  return { ...document, ...Object.fromEntries(fields.map((path) => [path, clear[path]])) };
}

/**
 * A document without its ciphertext: what answers show decrypted is left out, and of a secret there is what
 * they show of it. For copies, which nobody could decrypt at their place.
 */
export function omitCiphertext<T extends Base>(entity: Entity, document: T): T {
  const { encrypted } = getEncryptedFields(entity);
  if (encrypted.size === 0) return document;
  const left: Values = {};
  for (const [path, value] of Object.entries(document)) {
    const shape = encrypted.get(path);
    if (!shape) left[path] = value;
    else if (shape.shows && isCiphertext(value)) {
      left[path] = { ...(value.last4 && { last4: value.last4 }) };
    }
  }
  return left as T;
}

/**
 * Decrypts the fields that answers show, in place. The documents need their `_id` and `user`.
 * @throws AppError UNREADABLE, UNAVAILABLE
 */
export async function decryptFields(ctx: Ctx, entity: Entity, documents: Base[]): Promise<void> {
  const { shown } = getEncryptedFields(entity);
  if (shown.length === 0) return;
  // Those of many owners wait for their keys together.
  await Promise.all(documents.map((document) => decryptShown(ctx, entity, document, shown)));
}

async function decryptShown(
  ctx: Ctx,
  entity: Entity,
  document: Base,
  shown: string[],
): Promise<void> {
  const values: Values = document;
  for (const path of shown) {
    const value = await decryptUnlessForgotten(ctx, entity, document, path);
    if (value !== undefined) values[path] = value;
    else if (isCiphertext(values[path])) delete values[path];
  }
}

/** What is append-only outlives the people whose values it has: without their keys it is shown without those. */
async function decryptUnlessForgotten(
  ctx: Ctx,
  entity: Entity,
  document: Base,
  path: string,
): Promise<unknown> {
  try {
    return await decryptField(ctx, entity, document, path);
  } catch (error) {
    const isForgotten = error instanceof AppError && error.code === 'UNREADABLE';
    if (isForgotten && entity.options.appendOnly) return undefined;
    throw error;
  }
}

/** The encrypted fields of an entity. */
export function listEncryptedFields(entity: Entity): string[] {
  return [...getEncryptedFields(entity).encrypted.keys()];
}

/** Whether answers of this entity show decrypted fields; then `user` must be read, too. */
export function showsEncrypted(entity: Entity): boolean {
  return getEncryptedFields(entity).shown.length > 0;
}

/** Encrypts the value of one field, as it is stored, without validating it. @throws AppError UNAVAILABLE */
export async function encryptField(
  ctx: Ctx,
  entity: Entity,
  owner: Owner,
  path: string,
  value: unknown,
): Promise<Stored> {
  const bytes = await encryptValue(ctx, describePlace(entity, owner, path), value);
  const shows = getEncryptedFields(entity).encrypted.get(path)?.shows;
  return { bytes, ...(shows && { last4: takeLast4(value as string) }) };
}

/**
 * Decrypts one field of a document, for services that need the secret itself; undefined when it is
 * not set.
 * @throws AppError UNREADABLE when it was encrypted in another place or has changed; UNAVAILABLE
 */
export async function decryptField<T = unknown>(
  ctx: Ctx,
  entity: Entity,
  document: Owner,
  path: string,
): Promise<T | undefined> {
  const values: Values = document;
  const stored = values[path];
  if (stored === undefined || stored === null) return undefined;
  if (!isCiphertext(stored)) throw new Error(`${entity.name}.${path} is decrypted already.`);
  const bytes = readBytes(stored.bytes);
  return (await decryptValue(ctx, describePlace(entity, document, path), bytes)) as T;
}

/**
 * The same, but undefined as well where the key is gone: whoever was forgotten has no such value any more.
 * @throws AppError UNREADABLE when it was encrypted in another place or has changed; UNAVAILABLE
 */
export async function decryptUnlessGone<T = unknown>(
  ctx: Ctx,
  entity: Entity,
  document: Owner,
  path: string,
): Promise<T | undefined> {
  const stored = (document as Values)[path];
  if (!isCiphertext(stored)) return decryptField<T>(ctx, entity, document, path);
  const place = describePlace(entity, document, path);
  const isThere = await hasDataKey(ctx, place, readBytes(stored.bytes));
  return isThere ? decryptField<T>(ctx, entity, document, path) : undefined;
}

/** Where a field of a document is, as its ciphertext is bound to it. */
export function describePlace(entity: Entity, { _id, user }: Owner, path: string): Place {
  const own = ownerPath(entity) === '_id' ? { subject: idText(_id) } : {};
  const owner = { document: idText(_id), user: user ? idText(user) : '' };
  return { entity: entity.name, path, ...owner, ...own };
}

/** The last four characters of a secret; none of one that is short. */
function takeLast4(clear: string): string {
  return clear.length < 12 ? '' : clear.slice(-4);
}

type EncryptedShape = Extract<Shape, { kind: 'encrypted' }>;

/**
 * By entity: its encrypted fields, and those of them that answers show decrypted. Cached, as each
 * answer needs it.
 */
const known = new Map<Entity, Fields>();

interface Fields {
  encrypted: Map<string, EncryptedShape>;
  shown: string[];
  defaults: [path: string, make: () => unknown][];
}

function getEncryptedFields(entity: Entity): Fields {
  let fields = known.get(entity);
  if (!fields) {
    fields = { encrypted: new Map(), shown: [], defaults: [] };
    for (const [path, { shape, hidden }] of Object.entries(entity.shape.fields)) {
      if (shape.kind !== 'encrypted') continue;
      fields.encrypted.set(path, shape);
      if (!hidden && !shape.shows) fields.shown.push(path);
      const word = entity.schema.path(path).options.encrypted as Encrypted;
      if (word.default) fields.defaults.push([path, word.default]);
    }
    known.set(entity, fields);
  }
  return fields;
}

const models = new Map<Entity, Model<object>>();

/**
 * A Mongoose model of the plaintext of an entity's encrypted fields: it validates, and nothing is
 * stored by it.
 */
function getClearModel(entity: Entity): Model<object> {
  let model = models.get(entity);
  if (!model) {
    const inner = [...getEncryptedFields(entity).encrypted.keys()].map((path) => {
      const { encrypted } = entity.schema.path(path).options as { encrypted: Encrypted };
      return [path, encrypted.inner];
    });
    const schema = new Schema(Object.fromEntries(inner), {
      _id: false,
      strict: 'throw',
      autoIndex: false,
      autoCreate: false,
    });
    // As `entity()` does with the schema of what is not encrypted.
    keepEmpty(schema);
    countCharacters(schema);
    model = mongoose.model<object>(`${entity.name} in clear`, schema);
    models.set(entity, model);
  }
  return model;
}
