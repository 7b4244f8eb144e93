import { canonicalJson } from '../../canonical-json.ts';
import type { Ctx } from '../../context.ts';
import type { Stored } from '../../data/entity.ts';
import { countInserted, isDuplicate, isInvalid } from '../../data/failures.ts';
import { idText, UUID } from '../../data/ids.ts';
import { findMany } from '../../data/read.ts';
import { AuditEvent } from '../../models/audit/audit-event.ts';
import { chooseChain, type Head, makeEntry } from './entry.ts';
import { readHeads } from './heads.ts';
import { findNewestKey, type SigningKey } from './keys.ts';
import { protectValues } from './protect.ts';
import { findBlocked, getSubject, listSubjects, nameSubject, type Subject } from './subjects.ts';

/** What became of some events. */
interface Appended {
  /** The ids of those that are in their chains, also by another run. */
  placed: Set<string>;
  /** How many this run has appended. */
  count: number;
  /** Whether another run was faster in one of the chains: then some still wait. */
  isLost: boolean;
  /** What went wrong in single chains: their events still wait, and hold up nobody else's. */
  errors: unknown[];
  /** Those whose keys are damaged: their events wait. */
  blocked: Subject[];
}

/**
 * Gives events their places, in the order of their times: in each chain a sequence without gaps, and an HMAC
 * over the event and the hash before. Of two runs at once the unique index on chain and sequence lets one
 * win. Chains do not wait for each other, nor anybody for a subject whose key is damaged; an error in one chain
 * stops no other.
 */
export async function appendEvents(ctx: Ctx, events: Stored[]): Promise<Appended> {
  const known = await findAppended(ctx, events);
  const missing = events.filter(({ _id }) => !known.has(idText(_id))).sort(compareTimes);
  const blocked = await findBlocked(ctx, listSubjects(missing));
  const waits = new Set(blocked.map(nameSubject));
  const free = missing.filter((event) => !waits.has(nameSubject(getSubject(event))));
  const byChain = Map.groupBy(free, chooseChain);
  if (byChain.size === 0) return { placed: known, count: 0, isLost: false, errors: [], blocked };
  const [heads, key] = [await readHeads([...byChain.keys()]), await findNewestKey(ctx)];
  const ends = await Promise.allSettled(
    heads.map(async (head) => {
      const some = byChain.get(head.chain) as Stored[];
      return { some, count: await extendChain(ctx, key, head, some) };
    }),
  );
  const counts = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
  for (const { some, count } of counts)
    for (const { _id } of some.slice(0, count)) known.add(idText(_id));
  return {
    placed: known,
    count: counts.reduce((sum, { count }) => sum + count, 0),
    isLost: counts.some(({ some, count }) => count < some.length),
    errors: ends.flatMap((end) => (end.status === 'rejected' ? [end.reason] : [])),
    blocked,
  };
}

/** The ids of those that are in a chain already, appended by a run that was cut off, or is still at it. */
async function findAppended(ctx: Ctx, events: Stored[]): Promise<Set<string>> {
  if (events.length === 0) return new Set();
  const ids = events.map(({ _id }) => _id);
  const options = { projection: { _id: 1 }, limit: ids.length };
  const found = await findMany(ctx, AuditEvent, { _id: { $in: ids } }, options);
  return new Set(found.map(({ _id }) => idText(_id)));
}

/** Appends events to one chain. Returns how many: fewer when another run has appended meanwhile. */
async function extendChain(
  ctx: Ctx,
  key: SigningKey,
  head: Head,
  events: Stored[],
): Promise<number> {
  const entries: (Stored & Head)[] = [];
  for (const event of events)
    entries.push(makeEntry(key, entries.at(-1) ?? head, await protectValues(ctx, event)));
  try {
    // In order: what fails leaves no gap behind it.
    await AuditEvent.collection.insertMany(entries, { ordered: true });
    return entries.length;
  } catch (error) {
    const count = countInserted(error);
    if (isDuplicate(error) && count < entries.length) return count;
    const [refused, ...rest] = events.slice(count);
    if (!isInvalid(error) || !refused || refused.action === REFUSED) throw error;
    // What has happened is recorded all the same: else this one event would stop the chain for good.
    ctx.log.error('The validator refuses an audit event; it is appended in another form.', {
      error: error as Error,
    });
    const left = [describeRefused(refused), ...rest];
    return count + (await extendChain(ctx, key, entries[count - 1] ?? head, left));
  }
}

const REFUSED = 'invalid-entry';
const MOST_CHARACTERS = 100_000;

/** A valid event that has one as text which the validator does not let in. */
function describeRefused(event: Stored): Stored {
  const { _id, user, document, entity, createdAt } = event;
  const at = createdAt instanceof Date ? createdAt : new Date(0);
  const told = canonicalJson(event).slice(0, MOST_CHARACTERS);
  return {
    _id,
    ...(user instanceof UUID && { user }),
    ...{ actor: { kind: 'SYSTEM', name: 'audit' }, action: REFUSED, requestId: REFUSED },
    entity: typeof entity === 'string' && entity ? entity.slice(0, 64) : 'unknown',
    document: document instanceof UUID ? document : _id,
    changes: { entry: [null, told] },
    ...{ createdAt: at, updatedAt: at, version: 1 },
  };
}

function compareTimes(a: Stored, b: Stored): number {
  const apart = Number(a.createdAt) - Number(b.createdAt);
  return apart || (idText(a._id) < idText(b._id) ? -1 : 1);
}
