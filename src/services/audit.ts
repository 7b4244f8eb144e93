import { createHash } from 'node:crypto';
import { canonicalJson } from '../canonical-json.ts';
import { config } from '../config.ts';
import type { Ctx } from '../context.ts';
import { type AuditEntry, auditEvent } from '../data/audit.ts';
import { type Base, type Entity, entities, type Stored } from '../data/entity.ts';
import { isDuplicate } from '../data/failures.ts';
import { idText, UUID } from '../data/ids.ts';
import { findMany, findOne } from '../data/read.ts';
import { AuditEvent } from '../models/system/audit-event.ts';
import { ring } from '../providers/queue.ts';

/** How long the sealer waits after a ring, in s, so that one run serves many writes. */
const DELAY = 1;
const BATCH = 500;

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
    await ring(config.auditQueueUrl, { seal: true }, DELAY);
  } catch (error) {
    ctx.log.warn('The sealer could not be rung; its schedule will come.', {
      error: error as Error,
    });
  }
}

/**
 * Moves the audit entries that wait in their documents' outboxes into `auditEvents`, then chains what is
 * there. May run at any time, any number of times, also twice at once. Returns how many it chained.
 */
export async function sealAudit(ctx: Ctx): Promise<number> {
  for (const entity of entities.values()) {
    if (entity.options.audited !== false) while ((await drain(ctx, entity)) === BATCH);
  }
  let sealed = 0;
  for (;;) {
    const n = await chain(ctx);
    sealed += n;
    if (n < BATCH) return sealed;
  }
}

type Waiting = Base & { outbox: AuditEntry[] };

async function drain(ctx: Ctx, entity: Entity): Promise<number> {
  const options = { limit: BATCH, projection: { user: 1, outbox: 1 }, hint: 'outbox' };
  const filter = { 'outbox.0': { $exists: true } };
  const found = (await findMany(ctx, entity, filter, options)) as unknown as Waiting[];
  if (found.length === 0) return 0;
  const events = found.flatMap((d) => d.outbox.map((entry) => auditEvent(entity, d, entry)));
  await insertNew(events);
  // Without touching version or times: for the document nothing has changed.
  await entity.collection.bulkWrite(
    found.map((d) => {
      const update: Record<string, object> = {
        $pull: { outbox: { id: { $in: d.outbox.map((e) => e.id) } } },
      };
      return { updateOne: { filter: { _id: d._id }, update } };
    }),
    { ordered: false },
  );
  return found.length;
}

/** Inserts what is not there yet: a run cut off before has inserted some already. */
async function insertNew(events: Stored[]): Promise<void> {
  try {
    await AuditEvent.collection.insertMany(events, { ordered: false });
  } catch (error) {
    if (!isDuplicate(error)) throw error;
  }
}

/**
 * Gives events without one their place in the chain: a sequence without gaps, and a hash over the event
 * and the hash before. The unique index on `sequence` lets one of two sealers win.
 */
async function chain(ctx: Ctx): Promise<number> {
  const { collection } = AuditEvent;
  const head = await findOne(
    ctx,
    AuditEvent,
    { sequence: { $exists: true } },
    { sort: { sequence: -1 }, projection: { sequence: 1, hash: 1 } },
  );
  const loose = (await findMany(
    ctx,
    AuditEvent,
    { unsealed: true },
    { sort: { createdAt: 1, _id: 1 }, limit: BATCH, projection: {} },
  )) as unknown as Stored[];
  if (loose.length === 0) return 0;
  let sequence = (head?.sequence as number | undefined) ?? 0;
  let previousHash = (head?.hash as string | undefined) ?? '';
  const writes = loose.map((event) => {
    sequence++;
    const hash = hashOf(event, sequence, previousHash);
    const set = { sequence, previousHash, hash };
    previousHash = hash;
    const filter = { _id: event._id, unsealed: true };
    return { updateOne: { filter, update: { $set: set, $unset: { unsealed: 1 } } } };
  });
  try {
    const { modifiedCount } = await collection.bulkWrite(writes, { ordered: true });
    return modifiedCount;
  } catch (error) {
    if (isDuplicate(error)) {
      ctx.log.info('Another sealer is at work.');
      return 0;
    }
    throw error;
  }
}

/** SHA-256 over the event as stored, its place and the hash before it. */
export function hashOf(event: Stored, sequence: number, previousHash: string): string {
  const { sequence: _s, previousHash: _p, hash: _h, unsealed: _u, ...content } = event;
  const text = canonicalJson([sequence, previousHash, JSON.parse(JSON.stringify(content, ids))]);
  return createHash('sha256').update(text).digest('base64url');
}

function ids(this: Record<string, unknown>, key: string, value: unknown): unknown {
  const raw = this[key];
  return raw instanceof UUID ? idText(raw) : value;
}
