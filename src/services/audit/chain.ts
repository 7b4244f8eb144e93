import { createHash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { canonicalJson } from '../../canonical-json.ts';
import { config } from '../../config.ts';
import type { Ctx } from '../../context.ts';
import { type AuditEntry, auditEvent } from '../../data/audit.ts';
import { type Base, type Entity, entities, type Stored } from '../../data/entity.ts';
import { isDuplicate, isInvalid } from '../../data/failures.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { findMany, findOne } from '../../data/read.ts';
import { AuditEvent } from '../../models/audit/audit-event.ts';
import { sendMessage } from '../../providers/queue.ts';

/** How long the sealer waits after a ring, in s, so that one run serves many writes. */
const DELAY = 1;
const BATCH = 500;
/** How often one of several sealers at work tries again. */
const MOST_LOST = 10;

let rungAt = 0;

/**
 * Rings for the sealer after a write, at most once while a ring of this process is on its way. A ring
 * that gets lost costs a delay only: the schedule seals too.
 */
export async function ringSealer(ctx: Ctx): Promise<void> {
  const now = ctx.clock();
  if (!config.auditQueueUrl || now - rungAt < DELAY * 1000) return;
  rungAt = now;
  try {
    await sendMessage(config.auditQueueUrl, { seal: true }, DELAY);
  } catch (error) {
    ctx.log.warn('The sealer could not be rung; its schedule will come.', {
      error: error as Error,
    });
  }
}

/**
 * Moves the audit entries that wait in their documents' outboxes into `auditEvents`, and links what is there
 * into the chain. May run at any time, any number of times, also twice at once. Returns how many it linked.
 */
export async function sealAudit(ctx: Ctx): Promise<number> {
  let sealed = 0;
  let lost = 0;
  for (;;) {
    const waiting = await allWaiting(ctx);
    const loose = await looseEvents(ctx);
    const linked = await link(ctx, waiting, loose);
    if (linked !== undefined) {
      sealed += linked;
      if (waiting.length < BATCH && loose.length < BATCH) return sealed;
      continue;
    }
    // Another sealer was faster. What it has not seen is ours to seal.
    if (++lost === MOST_LOST) return sealed;
    await setTimeout(Math.random() * 100 * lost);
  }
}

/** A document with entries in its outbox, and what these are as events. */
interface Waiting {
  entity: Entity;
  id: UUID;
  events: Stored[];
}

async function allWaiting(ctx: Ctx): Promise<Waiting[]> {
  const all: Waiting[] = [];
  for (const entity of entities.values()) {
    const limit = BATCH - all.length;
    if (limit === 0) break;
    if (entity.options.audited !== false) all.push(...(await waitingIn(ctx, entity, limit)));
  }
  return all;
}

async function waitingIn(ctx: Ctx, entity: Entity, limit: number): Promise<Waiting[]> {
  const options = { limit, projection: { user: 1, outbox: 1 }, hint: 'outbox' };
  const found = await findMany(ctx, entity, { 'outbox.0': { $exists: true } }, options);
  return (found as unknown as (Base & { outbox: AuditEntry[] })[]).map((document) => ({
    entity,
    id: document._id,
    events: document.outbox.map((entry) => auditEvent(entity, document, entry)),
  }));
}

/** Events that had no document to wait in: those of deletions. */
async function looseEvents(ctx: Ctx): Promise<Stored[]> {
  const options = { sort: { createdAt: 1, _id: 1 }, limit: BATCH, projection: {} } as const;
  return (await findMany(ctx, AuditEvent, { unsealed: true }, options)) as unknown as Stored[];
}

/**
 * Gives events their place in the chain: a sequence without gaps, and a hash over the event and the hash
 * before. The unique index on `sequence` lets one of two sealers win; the other gets undefined.
 */
async function link(
  ctx: Ctx,
  waiting: Waiting[],
  loose: Stored[],
  bypassDocumentValidation = false,
): Promise<number | undefined> {
  if (waiting.length === 0 && loose.length === 0) return 0;
  const all = waiting.flatMap(({ events }) => events);
  const known = await sealedAmong(ctx, all);
  const fresh = all.filter(({ _id }) => !known.has(idText(_id)));
  const events = [...fresh, ...loose].sort(byTime);
  let last = await headOfChain(ctx);
  const writes = events.map((event) => {
    const sequence = last.sequence + 1;
    const place = { sequence, previousHash: last.hash, hash: hashOf(event, sequence, last.hash) };
    last = place;
    const { unsealed, ...content } = event;
    const document = { ...content, ...place };
    if (!unsealed) return { insertOne: { document } };
    // One that another has sealed meanwhile must fail, and not just be missed: what follows builds on it.
    const filter = { _id: event._id, unsealed: true };
    return { replaceOne: { filter, replacement: document as Stored, upsert: true } };
  });
  try {
    // In order: what fails leaves no gap behind it.
    const options = { ordered: true, bypassDocumentValidation };
    if (writes.length > 0) await AuditEvent.collection.bulkWrite(writes, options);
  } catch (error) {
    if (isDuplicate(error)) return undefined;
    if (!isInvalid(error) || bypassDocumentValidation) throw error;
    // What has happened is told of as it is: else this one event would stop the chain for good.
    ctx.log.error('An audit event is not as it should be.', { error: error as Error });
    return link(ctx, waiting, await looseEvents(ctx), true);
  }
  await clear(waiting);
  return events.length;
}

/** Which of these a run that was cut off has sealed already. */
async function sealedAmong(ctx: Ctx, events: Stored[]): Promise<Set<string>> {
  if (events.length === 0) return new Set();
  const ids = events.map(({ _id }) => _id);
  const options = { projection: { _id: 1 }, limit: ids.length };
  const found = await findMany(ctx, AuditEvent, { _id: { $in: ids } }, options);
  return new Set(found.map(({ _id }) => idText(_id)));
}

async function headOfChain(ctx: Ctx): Promise<{ sequence: number; hash: string }> {
  const options = { sort: { sequence: -1 }, projection: { sequence: 1, hash: 1 } } as const;
  const head = await findOne(ctx, AuditEvent, { sequence: { $exists: true } }, options);
  return (
    (head as unknown as { sequence: number; hash: string } | null) ?? { sequence: 0, hash: '' }
  );
}

/** Empties outboxes, without touching version or times: for the documents nothing has changed. */
async function clear(waiting: Waiting[]): Promise<void> {
  for (const [entity, some] of Map.groupBy(waiting, (w) => w.entity)) {
    const sealed = some.flatMap(({ events }) => events.map((event) => event._id));
    const update: Record<string, object> = { $pull: { outbox: { id: { $in: sealed } } } };
    await entity.collection.updateMany({ _id: { $in: some.map(({ id }) => id) } }, update);
  }
}

function byTime(a: Stored, b: Stored): number {
  const apart = (a.createdAt as Date).getTime() - (b.createdAt as Date).getTime();
  return apart || (idText(a._id) < idText(b._id) ? -1 : 1);
}

/** SHA-256 over the event as stored, its place and the hash before it. */
export function hashOf(event: Stored, sequence: number, previousHash: string): string {
  const { sequence: _s, previousHash: _p, hash: _h, unsealed: _u, ...content } = event;
  const text = canonicalJson([sequence, previousHash, content]);
  return createHash('sha256').update(text).digest('base64url');
}
