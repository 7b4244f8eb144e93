import type { Actor, Ctx } from '../context.ts';
import { isEncryptedPath } from './encrypted-fields.ts';
import type { Base, Entity, Stored } from './entity.ts';
import { newId, UUID } from './ids.ts';
import type { ObjectShape } from './shape.ts';

/** An audit entry as it waits in its document's outbox, or goes straight into `auditEvents`. */
export interface AuditEntry {
  id: UUID;
  at: Date;
  actor: { kind: Actor['kind']; id?: UUID; name?: string };
  action: string;
  requestId: string;
  ip?: string;
  /** `before` and `after` of each changed path; expressions until the server has evaluated them. */
  changes: Change[];
}

export interface Change {
  path: string;
  before: unknown;
  after: unknown;
}

const LONGEST = 2048;
/** What the log has for the value of an encrypted field. */
export const ENCRYPTED_MARK = '(sealed)';

/** The entry of one change, stamped with who, when and under which request. */
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

/** The values of a new document as changes from nothing. */
export function listCreations(entity: Entity, document: Record<string, unknown>): Change[] {
  return Object.entries(document)
    .filter(([path, value]) => value !== undefined && value !== null && isAudited(entity, path))
    .map(([path, after]) => ({ path, before: null, after: auditValue(entity, path, after) }));
}

/** A value as the log has it: what is encrypted as just that, not even by its length. */
export function auditValue(entity: Entity, path: string, value: unknown): unknown {
  return value !== null && isEncryptedPath(entity, path) ? ENCRYPTED_MARK : limitLength(value);
}

/** Whether an audit entry may show this path: no secrets, and nothing that every write changes. */
export function isAudited(entity: Entity, path: string): boolean {
  const key = `${entity.name} ${path}`;
  const is = audited.get(key) ?? isShown(entity, path);
  // Paths into free-form objects are as many as their keys.
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

/** A long value is replaced by its length: the log tells what changed, it is no second store. */
function limitLength(value: unknown): unknown {
  if (typeof value !== 'string' && typeof value !== 'object') return value;
  if (value instanceof UUID || value instanceof Date) return value;
  const length = typeof value === 'string' ? value.length : JSON.stringify(value).length;
  return length > LONGEST ? `(${length} characters)` : value;
}

/** An entry as the event that goes into the audit chain. */
export function makeAuditEvent(entity: Entity, document: Base, entry: AuditEntry): Stored {
  const { id, at, changes, ...rest } = entry;
  const user = entity.name === 'User' ? document._id : document.user;
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

/** An event that has no document to wait in: it gets its place in the chain later. */
export function makeLooseEvent(entity: Entity, document: Base, entry: AuditEntry): Stored {
  return { ...makeAuditEvent(entity, document, entry), unsealed: true };
}
