import type { Ctx } from '../../context.ts';
import { type AuditEntry, makeAuditEvent } from '../../data/audit.ts';
import { LONG_AGO } from '../../data/database-time.ts';
import {
  type Base,
  type Entity,
  entities,
  entityNamed,
  ownerPath,
  type Stored,
} from '../../data/entity.ts';
import { isTooSlow } from '../../data/failures.ts';
import type { TypedFilter } from '../../data/filter.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { aggregate, findMany } from '../../data/read.ts';
import { LooseEvent } from '../../models/audit/loose-event.ts';
import { shareOut } from './share-out.ts';
import { getSubject, type Subject } from './subjects.ts';

/** So many documents are looked at together, and so many loose events. */
const BATCH = 500;
/** How long emptying outboxes may wait for documents that somebody else is writing, in ms. */
const PATIENCE = 1000;
/** So many are emptied at once, one by one: more would wait for connections. */
const AT_ONCE = 8;

/** A document with entries in its outbox, and what these are as events. */
interface WaitingDocument {
  entity: Entity;
  id: UUID;
  events: Stored[];
}

/** What waits for its place in a chain. */
export interface Waiting {
  documents: WaitingDocument[];
  loose: Stored[];
  /** Whether more may wait. */
  isAll: boolean;
}

/**
 * Finds what waits: entries in the outboxes of their documents, and events that had no document; nothing of
 * the subjects that are to be skipped.
 */
export async function findWaiting(ctx: Ctx, skipped: Subject[] = []): Promise<Waiting> {
  const [waiting, loose] = [await listWaiting(ctx), await findLooseEvents(ctx, skipped)];
  // Each kind has its share: where one never ends, the others do not wait for it.
  const limit = Math.ceil(BATCH / Math.max(1, waiting.length));
  const documents: WaitingDocument[] = [];
  let isAll = loose.length < BATCH;
  for (const entity of waiting) {
    const found = await findWaitingIn(ctx, entity, limit, skipped);
    documents.push(...found);
    isAll &&= found.length < limit;
  }
  return { documents, loose, isAll };
}

/** The entities of which a document waits. One command: most runs find none. */
async function listWaiting(ctx: Ctx): Promise<Entity[]> {
  const audited = [...entities.values()].filter(({ options }) => options.audited !== false);
  const look = ({ name }: Entity) => [
    // The second is true of all that wait: it is by `at` that the index can be read.
    { $match: { 'outbox.0': { $exists: true }, 'outbox.at': { $gt: LONG_AGO } } },
    { $limit: 1 },
    { $project: { _id: 0, name: { $literal: name } } },
  ];
  const [first, ...others] = audited as [Entity, ...Entity[]];
  const unions = others.map((entity) => ({
    $unionWith: { coll: entity.collectionName, pipeline: look(entity) },
  }));
  const found = await aggregate<{ name: string }>(ctx, first, [...look(first), ...unions]);
  return found.map(({ name }) => entityNamed(name));
}

async function findWaitingIn(
  ctx: Ctx,
  entity: Entity,
  limit: number,
  skipped: Subject[],
): Promise<WaitingDocument[]> {
  const path = ownerPath(entity);
  const find = (others: Subject[], most: number) => {
    const filter = { 'outbox.0': { $exists: true }, ...exclude(path, others) };
    const options = { limit: most, projection: { user: 1, outbox: 1 }, hint: 'outbox' };
    return findMany(ctx, entity, filter, options);
  };
  const getOwner = (document: Base) => getSubject({ user: (document as Stored)[path] });
  const found = await shareOut(find, getOwner, { limit, skipped });
  return (found as (Base & { outbox: AuditEntry[] })[]).map((document) => ({
    entity,
    id: document._id,
    events: document.outbox.map((entry) => makeAuditEvent(entity, document, entry)),
  }));
}

/** Events that had no document to wait in, such as those of deletions. */
async function findLooseEvents(ctx: Ctx, skipped: Subject[]): Promise<Stored[]> {
  const find = async (others: Subject[], limit: number) => {
    const options = { sort: { createdAt: 1, _id: 1 }, limit } as const;
    const found: Base[] = await findMany(ctx, LooseEvent, exclude('event.user', others), options);
    return (found as (Base & { event: Stored })[]).map(({ event }) => event);
  };
  return shareOut(find, getSubject, { limit: BATCH, skipped });
}

function exclude(path: string, subjects: Subject[]): TypedFilter {
  return subjects.length === 0 ? {} : { [path]: { $nin: subjects } };
}

/** Takes what has its place out of where it waited; `placed` are the ids of its events. */
export async function clearWaiting(
  { documents, loose }: Waiting,
  placed: Set<string>,
): Promise<void> {
  const isPlaced = ({ _id }: Stored) => placed.has(idText(_id));
  for (const [entity, some] of Map.groupBy(documents, (w) => w.entity)) {
    const done = some.filter(({ events }) => events.some(isPlaced));
    const events = done.flatMap((w) => w.events.filter(isPlaced).map(({ _id }) => _id));
    await clearOutboxes(
      entity,
      done.map(({ id }) => id),
      events,
    );
  }
  const gone = loose.filter(isPlaced).map(({ _id }) => _id);
  if (gone.length > 0) await LooseEvent.collection.deleteMany({ _id: { $in: gone } });
}

/**
 * Empties outboxes, without touching version or times: for the documents nothing has changed. One that is
 * in somebody's transaction is left for a later run, for a killed process may leave it there for a minute.
 */
async function clearOutboxes(entity: Entity, documents: UUID[], events: UUID[]): Promise<void> {
  if (documents.length === 0) return;
  const update: Record<string, object> = { $pull: { outbox: { id: { $in: events } } } };
  const clear = (ids: UUID[]) =>
    entity.collection.updateMany({ _id: { $in: ids } }, update, { maxTimeMS: PATIENCE });
  try {
    await clear(documents);
  } catch (error) {
    if (!isTooSlow(error)) throw error;
    for (let i = 0; i < documents.length; i += AT_ONCE) {
      const some = documents.slice(i, i + AT_ONCE);
      const ends = await Promise.allSettled(some.map((id) => clear([id])));
      for (const end of ends)
        if (end.status === 'rejected' && !isTooSlow(end.reason)) throw end.reason;
    }
  }
}
