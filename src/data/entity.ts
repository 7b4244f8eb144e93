import mongoose, {
  type InferSchemaType,
  type Model,
  type mongo,
  Schema,
  type SchemaDefinitionProperty,
  type SchemaTypeOptions,
} from 'mongoose';
import type { Fault } from '../errors.ts';
import type { Rule } from '../rules.ts';
import { countCharacters } from './characters.ts';
import { withDeadline } from './deadlines.ts';
import type { UUID } from './ids.ts';
import type { Encrypted, OnDelete } from './schema-words.ts';
import { type ObjectShape, shapeOf } from './shape.ts';

/** What every stored document has. A type and no interface: only so is one of these a record of values, too. */
export type Base = {
  _id: UUID;
  user?: UUID;
  version: number;
  createdAt: Date;
  updatedAt: Date;
};

export interface EntityOptions {
  /** What it is for, in a sentence or two: the documentation says it. */
  about: string;
  /** The collection; the name's plural in lower camel case unless said otherwise. */
  collection?: string;
  /** `required` (default): every document has an owner. `optional`: some are the system's. `none`: no such field. */
  owner?: 'required' | 'optional' | 'none';
  /** Whether each change leaves an audit event (default true). */
  audited?: boolean;
  /** The objects in S3 that a document owns, and that go with it: keys, and prefixes that end in a slash. */
  objects?: (document: Stored) => string[];
  /** Who may read a document that another refers to or includes; its owner, or admins where there is none, unless said otherwise. */
  readers?: Rule;
  /** Fields that our own code moves without a new version: counts and progress. ETags show them apart. */
  unversioned?: string[];
  /** Rules across fields, over a whole document. */
  refine?: (document: Record<string, unknown>) => Fault[];
}

/** A document as the driver sees it. */
export type Stored = mongo.Document & { _id: UUID };

/** One kind of stored thing: its Mongoose model and all that is derived from the schema. */
export interface Entity<T extends Base = Base> {
  name: string;
  collectionName: string;
  /** The driver's own collection: no hydration on the way. Filters must be typed already. */
  readonly collection: mongo.Collection<Stored>;
  /** Mongoose's model: validates what is written. */
  readonly model: Model<Base>;
  readonly schema: Schema;
  readonly shape: ObjectShape;
  options: EntityOptions;
  /** Carries the type of a stored document; never set. */
  readonly type?: T;
}

export type DocOf<E> = E extends Entity<infer T> ? T : never;

mongoose.set('strictQuery', 'throw');
mongoose.set('sanitizeFilter', true);

/** A reference to another entity by its id. */
export function ref<O extends SchemaTypeOptions<UUID>>(
  name: string,
  options: O & { onDelete: OnDelete },
) {
  return { type: Schema.Types.UUID, ref: name, ...options } as {
    type: typeof Schema.Types.UUID;
  } & O;
}

/** A free-form JSON object of at most `maxBytes`. */
export function freeForm<O extends SchemaTypeOptions<object>>(maxBytes: number, options?: O) {
  return { type: Schema.Types.Mixed, maxBytes, ...options } as {
    type: typeof Schema.Types.Mixed;
  } & O;
}

// What is stored of an encrypted field.
const ciphertext = new Schema(
  { bytes: { type: Buffer, required: true }, last4: String },
  { _id: false, strict: 'throw' },
);

/**
 * A field of the document itself that is encrypted at rest, of any Mongoose type: `encrypted({ type: String })`.
 * Writes take it in clear, answers show it in clear; with `shows: 'last4'` they show its last four
 * characters alone. `refine`, filters and indexes see ciphertext.
 */
export function encrypted<
  O extends SchemaTypeOptions<object> & { shows?: 'last4'; default?: never } = object,
>(inner: SchemaDefinitionProperty, options?: O) {
  const { shows, ...field } = options ?? {};
  const held: Encrypted = { inner, ...(shows && { shows }) };
  return { type: ciphertext, ...field, encrypted: held } as { type: typeof ciphertext } & O;
}

/**
 * Makes an entity of what `define` says, its schema, to which are added id, owner, times and version, and
 * the settings that keep it strict. A function starts with all entities and uses few: what is made of one
 * is made when first asked for.
 */
export function entity<S extends Schema>(
  name: string,
  define: () => S,
  options: EntityOptions,
): Entity<InferSchemaType<S> & Base> {
  const plural = pluralOf(name);
  const collectionName = options.collection ?? `${plural[0]?.toLowerCase()}${plural.slice(1)}`;
  let schema: Schema | undefined;
  let shape: ObjectShape | undefined;
  let collection: mongo.Collection<Stored> | undefined;
  const made: Entity<InferSchemaType<S> & Base> = {
    name,
    collectionName,
    options,
    get schema() {
      schema ??= completeSchema(define(), options);
      return schema;
    },
    get shape() {
      shape ??= shapeOf(made.schema);
      return shape;
    },
    get collection() {
      collection ??= addDeadlines(mongoose.connection.collection<Stored>(collectionName));
      return collection;
    },
    // The model's own type is not used: documents go in and out through src/data, typed by `Entity<T>`.
    get model() {
      const { models } = mongoose;
      return models[name] ?? mongoose.model<Base>(name, made.schema, collectionName);
    },
  };
  entities.set(name, made);
  return made;
}

function completeSchema(schema: Schema, options: EntityOptions): Schema {
  const owner = options.owner ?? 'required';
  const fields = {
    _id: {
      type: Schema.Types.UUID,
      required: true,
      server: true,
      immutable: true,
      publicName: 'id',
    },
    ...(owner !== 'none' && {
      user: ref('User', {
        required: owner === 'required',
        immutable: true,
        server: true,
        onDelete: 'cascade',
      }),
    }),
    createdAt: { type: Date, required: true, server: true, immutable: true },
    updatedAt: { type: Date, required: true, server: true },
    // Counts the writes: what ETags show and what guarded writes compare.
    version: { type: Number, required: true, server: true, select: false, integer: true, min: 1 },
    // Audit entries on their way: written with the change itself, moved from here into the audit chain.
    outbox: { type: [Schema.Types.Mixed], default: undefined, server: true, select: false },
    // Set while a `restrict` check runs: nothing new may refer to it meanwhile.
    removing: { type: Date, server: true, select: false },
  };
  schema.add(fields as never);
  schema.set('strict', 'throw');
  schema.set('autoIndex', false);
  schema.set('autoCreate', false);
  schema.set('versionKey', false);
  schema.set('id', false);
  keepEmpty(schema);
  countCharacters(schema);
  if (options.audited !== false) {
    schema.index(
      { 'outbox.at': 1 },
      { name: 'outbox', partialFilterExpression: { 'outbox.0': { $exists: true } } },
    );
  }
  return schema;
}

/** An empty object is a value, at any depth: without this Mongoose leaves it out. */
function keepEmpty(schema: Schema): void {
  schema.set('minimize', false);
  for (const { schema: inner } of schema.childSchemas) keepEmpty(inner);
}

const CALLS = new Set<string | symbol>([
  ...['findOne', 'insertOne', 'insertMany', 'updateOne', 'updateMany', 'deleteOne', 'deleteMany'],
  ...['findOneAndUpdate', 'findOneAndDelete', 'bulkWrite', 'countDocuments'],
]);

/** The same collection, whose calls end in time whatever the database does; cursors are `read.ts`'s to bound. */
function addDeadlines(collection: mongo.Collection<Stored>): mongo.Collection<Stored> {
  return new Proxy(collection, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      const call = member.bind(target) as (...args: unknown[]) => Promise<unknown>;
      return CALLS.has(name) ? (...args: unknown[]) => withDeadline(call(...args)) : call;
    },
  });
}

/** `RetentionPolicy` → `RetentionPolicies`; what ends in an s is many already. */
export function pluralOf(name: string): string {
  return name.endsWith('s') ? name : `${name}s`.replace(/([^aeiou])ys$/, '$1ies');
}

/** Every entity that has been made, by name; `src/models/index.ts` makes them all. */
export const entities = new Map<string, Entity>();

/** @throws Error when no model file made it. */
export function entityNamed(name: string): Entity {
  const found = entities.get(name);
  if (!found) throw new Error(`There is no entity ${name}.`);
  return found;
}
