import type { Actor, Ctx } from '../context.ts';
import { isEncryptedPath } from './encrypted-fields.ts';
import { type Base, type Entity, ownerPath, type Stored } from './entity.ts';
import { newId, UUID } from './ids.ts';
import type { ObjectShape } from './shape.ts';

/**
 * An audit entry, as it waits in the outbox of its document or, as an event, among the loose ones.
 */
export interface AuditEntry {
  id: UUID;
  at: Date;
  actor: { kind: Actor['kind']; id?: UUID; name?: string };
  action: string;
  requestId: string;
  ip?: string;
  /**
   * The values before and after of each changed path. In an update they are expressions, which
   * MongoDB evaluates.
   */
  changes: Change[];
}

export interface Change {
  path: string;
  before: unknown;
  after: unknown;
}

const LONGEST = 2048;
/** What audit entries show in place of the value of an encrypted field. */
export const ENCRYPTED_MARK = '(sealed)';

/** Makes the audit entry of one write: who did it, when, and in which request. */
export function makeAuditEntry(ctx: Ctx, action: string, changes: Change[]): AuditEntry {
  const { actor } = ctx;
  return {
    id: newId(ctx.clock()),
    at: new Date(ctx.clock()),
    actor: {
      kind: actor.kind,
      ...('id' in actor && { id: actor.id }),
      ...('name' in actor && { name: actor.name }),
    },
    action,
    requestId: ctx.requestId,
    ...(ctx.ip && { ip: ctx.ip }),
    changes,
  };
}

/** Lists the values of a new document as changes, each from null. */
export function listCreations(entity: Entity, document: Record<string, unknown>): Change[] {
  return Object.entries(document)
    .filter(([path, value]) => value !== undefined && value !== null && isAudited(entity, path))
    .map(([path, after]) => ({ path, before: null, after: auditValue(entity, path, after) }));
}

/** A value as audit entries show it; of an encrypted field not even the length. */
export function auditValue(entity: Entity, path: string, value: unknown): unknown {
  return value !== null && isMasked(entity, path) ? ENCRYPTED_MARK : limitLength(value);
}

/** Whether audit entries show nothing of the value at a path: it is encrypted, or confidential. */
export function isMasked(entity: Entity, path: string): boolean {
  const field = entity.shape.fields[path.split('.')[0] as string];
  return isEncryptedPath(entity, path) || field?.isConfidential === true;
}

/**
 * Whether audit entries show this path: not when it is hidden, and not what every write changes.
 */
export function isAudited(entity: Entity, path: string): boolean {
  const key = `${entity.name} ${path}`;
  const is = audited.get(key) ?? isShown(entity, path);
  // The cache is bounded, since there may be any number of paths into free-form objects.
  if (audited.size < MOST_PATHS) audited.set(key, is);
  return is;
}

const MOST_PATHS = 2000;
const audited = new Map<string, boolean>();

function isShown(entity: Entity, path: string): boolean {
  const names = path.split('.');
  if (['_id', 'version', 'createdAt', 'updatedAt', 'outbox', 'removing'].includes(names[0] ?? '')) {
    return false;
  }
  let shape: ObjectShape | undefined = entity.shape;
  for (const name of names) {
    const field: ObjectShape['fields'][string] | undefined = shape?.fields[name];
    if (!field) return true;
    if (field.hidden) return false;
    shape = field.shape.kind === 'object' ? field.shape : undefined;
  }
  return true;
}

/** Replaces a long value by its length: the log says what has changed, and is no second store. */
function limitLength(value: unknown): unknown {
  if (typeof value !== 'string' && typeof value !== 'object') return value;
  if (value instanceof UUID || value instanceof Date) return value;
  const length = typeof value === 'string' ? value.length : JSON.stringify(value).length;
  return length > LONGEST ? `(${length} characters)` : value;
}

/** Makes the event of an entry, as it goes into the audit chain. */
export function makeAuditEvent(entity: Entity, document: Base, entry: AuditEntry): Stored {
  const { id, at, changes, ...rest } = entry;
  const user = document[ownerPath(entity)];
  // Users read what is done to what is theirs; where an administrator sits is not theirs to know.
  const isByAnother = rest.actor.kind === 'ADMIN' && user && !rest.actor.id?.equals(user);
  if (isByAnother) delete rest.ip;
  return {
    _id: id,
    ...(user && { user }),
    ...rest,
    entity: entity.name,
    document: document._id,
    changes: Object.fromEntries(changes.map((c) => [c.path, [c.before, c.after]])),
    createdAt: at,
    updatedAt: at,
    version: 1,
  };
}

/**
 * Makes a `LooseEvent`: the event of a deletion, or of what changed no document, which has no outbox that
 * it could wait in to be appended to the chain.
 */
export function makeLooseEvent(entity: Entity, document: Base, entry: AuditEntry): Stored {
  const event = makeAuditEvent(entity, document, entry);
  const { _id, createdAt, updatedAt, version } = event;
  return { _id, event, createdAt, updatedAt, version };
}
