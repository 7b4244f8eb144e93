import type { Ctx } from '../context.ts';
import { omitCiphertext } from './encrypted-fields.ts';
import { type Base, type Entity, entityNamed, type Stored } from './entity.ts';
import { newId, type UUID } from './ids.ts';

/** What a change was, as the name of its event has it: `ready` in `track.ready`. */
export type EventName = string;

/** Whether changes of its documents are told to their owner, whoever makes them. */
export function hasEvents(entity: Entity): boolean {
  return typeof entity.options.events === 'string';
}

/** Whether this is told: all changes, or, where there is a list of events, what is in it. */
function isEvent({ options: { events } }: Entity, name: EventName): boolean {
  return typeof events === 'string' || events?.includes(name) === true;
}

/**
 * Writes what happened to documents into the event log, in the transaction of the change: what is
 * committed is told, and nothing else. The only function that writes events. Documents without an owner, and
 * what the entity's option `events` does not name, are passed over.
 * @param documents as the change left them, without hidden fields
 */
export async function recordEvents(
  tx: Ctx,
  entity: Entity,
  name: EventName,
  documents: Base[],
): Promise<void> {
  if (!isEvent(entity, name)) return;
  if (!tx.session) throw new Error('An event is written in the transaction of its change.');
  const events = documents.filter(({ user }) => user).map((d) => makeEvent(tx, entity, name, d));
  if (events.length === 0) return;
  await entityNamed('Event').collection.insertMany(events, { session: tx.session });
}

/** Writes that documents are gone, of which nothing is told but their ids. */
export async function recordDeletions(tx: Ctx, entity: Entity, gone: Base[]): Promise<void> {
  await recordEvents(tx, entity, 'deleted', gone);
}

/**
 * Names the change of a document: by the status that it came to, or `updated`. Jobs change often and
 * are followed by one name.
 */
export function nameChange(entity: Entity, set: Record<string, unknown>): EventName {
  const { status } = set;
  if (entity.options.events !== 'BY_STATUS' || typeof status !== 'string') return 'updated';
  return status.toLowerCase();
}

function makeEvent(tx: Ctx, entity: Entity, name: EventName, document: Base): Stored {
  const now = new Date(tx.clock());
  const isGone = name === 'deleted';
  const { project, job, status } = document as Base & About;
  const about = entity.name === 'Job' ? document._id : (job ?? tx.job);
  return {
    _id: newId(now.getTime()),
    user: document.user,
    type: `${entity.name.toLowerCase()}.${name}`,
    entity: entity.name,
    document: document._id,
    ...(project && { project }),
    ...(about && { job: about }),
    ...(status && !isGone && { status }),
    revision: document.version,
    data: isGone ? { _id: document._id } : omitCiphertext(entity, document),
    forWebhooks: true,
    createdAt: now,
    updatedAt: now,
    version: 1,
  };
}

interface About {
  project?: UUID;
  job?: UUID;
  status?: string;
}
