import { setTimeout } from 'node:timers/promises';
import { canonicalJson } from '../../canonical-json.ts';
import { config } from '../../config.ts';
import type { Ctx } from '../../context.ts';
import { hashText } from '../../crypto/hash.ts';
import { type AuditEntry, makeAuditEvent } from '../../data/audit.ts';
import { LONG_AGO } from '../../data/database-time.ts';
import { type Base, type Entity, entities, entityNamed, type Stored } from '../../data/entity.ts';
import { isDuplicate, isInvalid } from '../../data/failures.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { aggregate, findMany, findOne } from '../../data/read.ts';
import { AuditEvent } from '../../models/audit/audit-event.ts';
import { LooseEvent } from '../../models/audit/loose-event.ts';
import { isWithin, type Moment, markMoment } from '../../moment.ts';
import { sendMessage } from '../../providers/queue.ts';
import { meterEvents } from '../metering/meter-events.ts';

/** How long a request to append waits, in s, so that one run serves many writes. */
const DELAY = 1;
const BATCH = 500;
/** How often one of several runs at once tries again. */
const MOST_LOST = 10;

let requestedAt: Moment | undefined;

/**
 * Asks, after a write, for the waiting audit entries to be appended to the chain; at most once
 * while a request of this process is on its way. One that gets lost costs a delay only: a schedule
 * appends, too.
 */
export async function requestAppend(ctx: Ctx): Promise<void> {
  if (!config.auditQueueUrl || (requestedAt && isWithin(requestedAt, DELAY * 1000))) return;
  requestedAt = markMoment();
  try {
    await sendMessage(config.auditQueueUrl, { append: true }, DELAY);
  } catch (error) {
    ctx.log.warn('Appending to the audit chain could not be requested; its schedule will do it.', {
      error: error as Error,
    });
  }
}

/**
 * Moves the audit entries that wait in the outboxes of their documents, and the loose events, into
 * `auditEvents`, and links them into the chain. May run at any time, any number of times, also twice at once.
 * Returns how many it linked.
 */
export async function appendToChain(ctx: Ctx): Promise<number> {
  let appended = 0;
  let lost = 0;
  for (;;) {
    const waiting = await findWaiting(ctx);
    const loose = await findLooseEvents(ctx);
    const linked = await link(ctx, waiting, loose);
    if (linked !== undefined) {
      appended += linked;
      if (waiting.length < BATCH && loose.length < BATCH) return appended;
      continue;
    }
    // Another run was faster. What it has not seen is ours to append.
    if (++lost === MOST_LOST) return appended;
    await setTimeout(Math.random() * 100 * lost);
  }
}

/** A document with entries in its outbox, and what these are as events. */
interface Waiting {
  entity: Entity;
  id: UUID;
  events: Stored[];
}

async function findWaiting(ctx: Ctx): Promise<Waiting[]> {
  const all: Waiting[] = [];
  for (const entity of await listWaiting(ctx)) {
    const limit = BATCH - all.length;
    if (limit === 0) break;
    all.push(...(await findWaitingIn(ctx, entity, limit)));
  }
  return all;
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

async function findWaitingIn(ctx: Ctx, entity: Entity, limit: number): Promise<Waiting[]> {
  const options = { limit, projection: { user: 1, outbox: 1 }, hint: 'outbox' };
  const found = await findMany(ctx, entity, { 'outbox.0': { $exists: true } }, options);
  return (found as (Base & { outbox: AuditEntry[] })[]).map((document) => ({
    entity,
    id: document._id,
    events: document.outbox.map((entry) => makeAuditEvent(entity, document, entry)),
  }));
}

/** Events that had no document to wait in, such as those of deletions. */
async function findLooseEvents(ctx: Ctx): Promise<Stored[]> {
  const options = { sort: { createdAt: 1, _id: 1 }, limit: BATCH } as const;
  const found: Base[] = await findMany(ctx, LooseEvent, {}, options);
  return (found as (Base & { event: Stored })[]).map(({ event }) => event);
}

/**
 * Gives events their place in the chain: a sequence without gaps, and a hash over the event and the
 * hash before. The unique index on `sequence` lets one of two runs win; the other gets undefined.
 */
async function link(
  ctx: Ctx,
  waiting: Waiting[],
  loose: Stored[],
  bypassDocumentValidation = false,
): Promise<number | undefined> {
  if (waiting.length === 0 && loose.length === 0) return 0;
  const all = [...waiting.flatMap(({ events }) => events), ...loose];
  const known = await findAppended(ctx, all);
  const events = all.filter(({ _id }) => !known.has(idText(_id))).sort(compareTimes);
  let last = await findHead(ctx);
  const writes = events.map((event) => {
    const sequence = last.sequence + 1;
    const place = {
      sequence,
      previousHash: last.hash,
      hash: hashEvent(event, sequence, last.hash),
    };
    last = place;
    // One that another run has appended meanwhile fails by its id, and what follows with it.
    return { insertOne: { document: { ...event, ...place } } };
  });
  try {
    // In order: what fails leaves no gap behind it.
    const options = { ordered: true, bypassDocumentValidation };
    if (writes.length > 0) await AuditEvent.collection.bulkWrite(writes, options);
  } catch (error) {
    if (isDuplicate(error)) return undefined;
    if (!isInvalid(error) || bypassDocumentValidation) throw error;
    // What has happened is recorded as it is: else this one event would stop the chain for good.
    ctx.log.error('The validator refuses an audit event; it is appended all the same.', {
      error: error as Error,
    });
    return link(ctx, waiting, await findLooseEvents(ctx), true);
  }
  // Before they are taken out of where they wait: each is metered at least once.
  await meterEvents(ctx, all);
  await clearOutboxes(waiting);
  await LooseEvent.collection.deleteMany({ _id: { $in: loose.map(({ _id }) => _id) } });
  return events.length;
}

/** The ids of those that a run which was cut off has appended already. */
async function findAppended(ctx: Ctx, events: Stored[]): Promise<Set<string>> {
  if (events.length === 0) return new Set();
  const ids = events.map(({ _id }) => _id);
  const options = { projection: { _id: 1 }, limit: ids.length };
  const found = await findMany(ctx, AuditEvent, { _id: { $in: ids } }, options);
  return new Set(found.map(({ _id }) => idText(_id)));
}

async function findHead(ctx: Ctx): Promise<{ sequence: number; hash: string }> {
  const options = { sort: { sequence: -1 }, projection: { sequence: 1, hash: 1 } } as const;
  const head = await findOne(ctx, AuditEvent, { sequence: { $exists: true } }, options);
  return { sequence: head?.sequence ?? 0, hash: head?.hash ?? '' };
}

/** Empties outboxes, without touching version or times: for the documents nothing has changed. */
async function clearOutboxes(waiting: Waiting[]): Promise<void> {
  for (const [entity, some] of Map.groupBy(waiting, (w) => w.entity)) {
    const appended = some.flatMap(({ events }) => events.map((event) => event._id));
    const update: Record<string, object> = { $pull: { outbox: { id: { $in: appended } } } };
    await entity.collection.updateMany({ _id: { $in: some.map(({ id }) => id) } }, update);
  }
}

function compareTimes(a: Stored, b: Stored): number {
  const apart = (a.createdAt as Date).getTime() - (b.createdAt as Date).getTime();
  return apart || (idText(a._id) < idText(b._id) ? -1 : 1);
}

/** SHA-256 over the event as stored, its place and the hash before it. */
export function hashEvent(event: Stored, sequence: number, previousHash: string): string {
  const { sequence: _s, previousHash: _p, hash: _h, ...content } = event;
  return hashText(canonicalJson([sequence, previousHash, content]));
}
