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
import type { EntityUsage } from './usage.ts';

/**
 * What every stored document has. (A type, since TypeScript does not take an interface for a
 * Record.)
 */
export type Base = {
  _id: UUID;
  user?: UUID;
  version: number;
  createdAt: Date;
  updatedAt: Date;
};

export interface EntityOptions {
  /** What it is for, in a sentence or two, for the documentation. */
  about: string;
  /** The collection; by default the plural of the name in camel case. */
  collection?: string;
  /**
   * `required` (default): every document has an owner (`user`). `optional`: some have none. `none`:
   * no such field.
   */
  owner?: 'required' | 'optional' | 'none';
  /** Whether writes are audited (default true). */
  audited?: boolean;
  /**
   * Its documents are inserted and read, and never changed or deleted: the role of the functions in the
   * database may do no more, and they outlive what they refer to.
   */
  appendOnly?: boolean;
  /** What is append-only is checked against its documents: the role that verifies may read them. */
  verified?: boolean;
  /** The objects in S3 that are deleted with a document: keys, and prefixes that end in a slash. */
  objects?: (document: Stored) => string[];
  /** How many bytes of storage a document stands for: the audit entry of its deletion tells of them. */
  bytes?: (document: Stored) => number;
  /**
   * Who may read its documents where others refer to them; by default the owner, or admins where
   * there is none.
   */
  readers?: Rule;
  /**
   * Fields that the server changes without a new version, such as counts and progress. They are
   * part of ETags.
   */
  unversioned?: string[];
  /**
   * Its changes are told to its owner, by events (`record-events.ts`). BY_STATUS: an event is named by
   * the status that the document came to, `track.ready`; UPDATED: each change is `job.updated`. A list: only
   * these, which a service records.
   */
  events?: 'BY_STATUS' | 'UPDATED' | readonly string[];
  /** What its documents take of their owner's allowances. */
  usage?: EntityUsage;
  /** Long-lived processes follow what is inserted by a change stream: their role may. */
  watched?: boolean;
  /** Validates rules across fields, on the whole document. */
  refine?: (document: Record<string, unknown>) => Fault[];
}

/** What a stored document has of its owner. */
type Owned<O extends EntityOptions> = O extends { owner: 'optional' | 'none' }
  ? Base
  : Base & { user: UUID };

/** A document as the driver sees it. */
export type Stored = mongo.Document & { _id: UUID };

/** A kind of document: its schema, and everything that is derived from that. */
export interface Entity<T extends Base = Base> {
  name: string;
  collectionName: string;
  /**
   * The driver's collection, without Mongoose's hydration and casting: filters must hold values of
   * the stored types.
   */
  readonly collection: mongo.Collection<Stored>;
  /** The Mongoose model, which validates what is written. */
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

/** How an encrypted field is stored. */
function makeCiphertextSchema() {
  return new Schema(
    { bytes: { type: Buffer, required: true }, last4: String },
    { _id: false, strict: 'throw' },
  );
}

/** A JSON value of any type, of at most `maxBytes`. */
export function anyJson<O extends SchemaTypeOptions<unknown>>(maxBytes: number, options?: O) {
  return { type: Schema.Types.Mixed, maxBytes, anyJson: true, ...options } as {
    type: typeof Schema.Types.Mixed;
  } & O;
}

/**
 * A top-level field that is encrypted at rest, of any Mongoose type: `encrypted({ type: String })`.
 * Writes take plaintext and answers show it; with `shows: 'last4'` they show its last four
 * characters only. `clearDefault` makes the value of new documents without one: Mongoose would take a `default`
 * for ciphertext. `refine` sees plaintext, too; filters and indexes see ciphertext.
 */
export function encrypted<
  O extends SchemaTypeOptions<object> & {
    shows?: 'last4';
    default?: never;
    clearDefault?: () => unknown;
  } = object,
>(inner: SchemaDefinitionProperty, options?: O) {
  const { shows, clearDefault, ...field } = options ?? {};
  const held: Encrypted = {
    inner,
    ...(shows && { shows }),
    ...(clearDefault && { default: clearDefault }),
  };
  return { type: makeCiphertextSchema(), ...field, encrypted: held } as {
    type: ReturnType<typeof makeCiphertextSchema>;
  } & O;
}

/**
 * Makes an entity of a schema, to which it adds the common fields (id, owner, times, version) and
 * strict settings. A cold start loads all entities and uses few, so the schema, with those of its parts,
 * and what is derived from it are made at first use.
 */
export function entity<S extends Schema, O extends EntityOptions>(
  name: string,
  define: () => S,
  options: O,
): Entity<InferSchemaType<S> & Owned<O>> {
  const plural = pluralOf(name);
  const collectionName = options.collection ?? `${plural[0]?.toLowerCase()}${plural.slice(1)}`;
  let schema: Schema | undefined;
  let shape: ObjectShape | undefined;
  let collection: mongo.Collection<Stored> | undefined;
  const made: Entity<InferSchemaType<S> & Owned<O>> = {
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
    // The model has no type of its own: documents are read and written through src/data, typed by
    // `Entity<T>`.
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
      personal: 'none',
    },
    ...(owner !== 'none' && {
      user: ref('User', {
        required: owner === 'required',
        immutable: true,
        server: true,
        onDelete: options.appendOnly ? 'keep' : 'cascade',
        personal: 'export',
      }),
    }),
    createdAt: { type: Date, required: true, server: true, immutable: true, personal: 'none' },
    updatedAt: { type: Date, required: true, server: true, personal: 'none' },
    // Counts the writes: ETags show it, and optimistic locks compare it.
    version: {
      type: Number,
      required: true,
      server: true,
      select: false,
      integer: true,
      min: 1,
      personal: 'none',
    },
    // Audit entries, written in the same command as the change, which are moved from here into the
    // audit chain.
    outbox: {
      type: [Schema.Types.Mixed],
      default: undefined,
      server: true,
      select: false,
      personal: 'keep: it goes into the audit log',
    },
    // Set while a deletion checks `restrict` references: no new reference is accepted meanwhile.
    removing: { type: Date, server: true, select: false, personal: 'none' },
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

/** Keeps empty objects, at any depth, which Mongoose removes by default (`minimize`). */
export function keepEmpty(schema: Schema): void {
  schema.set('minimize', false);
  for (const { schema: inner } of schema.childSchemas) keepEmpty(inner);
}

const CALLS = new Set<string | symbol>([
  ...['findOne', 'insertOne', 'insertMany', 'updateOne', 'updateMany', 'deleteOne', 'deleteMany'],
  ...['findOneAndUpdate', 'findOneAndDelete', 'bulkWrite', 'countDocuments'],
]);

/** The same collection, with a deadline for each call; cursors get theirs in `read.ts`. */
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

/** `RetentionPolicy` → `RetentionPolicies`; a name that ends in an s is a plural already. */
export function pluralOf(name: string): string {
  return name.endsWith('s') ? name : `${name}s`.replace(/([^aeiou])ys$/, '$1ies');
}

/** All entities, by name; importing `src/models/index.ts` makes them. */
export const entities = new Map<string, Entity>();

/** Where the id of a document's owner stands: an account is its own. */
export const ownerPath = ({ name }: Pick<Entity, 'name'>): '_id' | 'user' =>
  name === 'User' ? '_id' : 'user';

/** Finds an entity by its name. @throws Error when there is none */
export function entityNamed(name: string): Entity {
  const found = entities.get(name);
  if (!found) throw new Error(`There is no entity ${name}.`);
  return found;
}
