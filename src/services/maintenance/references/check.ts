import type { Ctx } from '../../../context.ts';
import { isToCome } from '../../../data/database-time.ts';
import { type Base, type Entity, entities, entityNamed } from '../../../data/entity.ts';
import { idText, type UUID } from '../../../data/ids.ts';
import { findMany } from '../../../data/read.ts';
import { type Reference, readPath, referencesOf } from '../../../data/references.ts';
import { AuditEvent } from '../../../models/audit/audit-event.ts';
import { LooseEvent } from '../../../models/audit/loose-event.ts';
import { correctCounts, findMiscounted } from './counters.ts';

/** How many documents are read at once. */
const BATCH = 1000;
/** How long the sweep of a deleted document's children may take, in ms. */
const SWEEP_MS = 15 * 60_000;
/** The check stops when this much of the function's time is left, in ms. */
const RESERVE_MS = 30_000;
const MOST_EXAMPLES = 5;

/** Broken references of one kind. */
interface Broken {
  entity: string;
  path: string;
  to: string;
  count: number;
  /** Ids of some documents with such a reference. */
  examples: string[];
}

/** The result of one run. */
export interface Checked {
  checked: number;
  broken: Broken[];
  /** How many counts were corrected. */
  recounted: number;
  /**
   * The entity at which the time was up. A run reads millions, so its position is not stored for
   * the next.
   */
  unfinished?: string;
}

/**
 * Checks the references of all documents, and reports the broken ones; normally there are none.
 * Corrects counts of children. Changes nothing else: people decide about broken references.
 */
export async function checkAllReferences(ctx: Ctx, timeLeft: () => number): Promise<Checked> {
  const result: Checked = { checked: 0, broken: [], recounted: 0 };
  const isLate = () => timeLeft() < RESERVE_MS;
  // Checked now and again at the end: a count that was only being updated is right by then.
  const miscounted = await findMiscounted(ctx, isLate);
  for (const entity of entities.values()) {
    const references = referencesOf(entity).filter((r) => r.onDelete !== 'keep');
    if (references.length === 0) continue;
    if (!(await checkEntity(ctx, entity, references, result, isLate))) {
      result.unfinished = entity.name;
      break;
    }
  }
  result.recounted = await correctCounts(ctx, miscounted);
  if (result.broken.length > 0) ctx.log.error('References are broken.', { ...result });
  if (result.unfinished) ctx.log.warn('Not all references were checked.', { ...result });
  return result;
}

/** Checks the documents of one entity. False when the time was up. */
async function checkEntity(
  ctx: Ctx,
  entity: Entity,
  references: Reference[],
  result: Checked,
  isLate: () => boolean,
): Promise<boolean> {
  const projection = Object.fromEntries(references.map(({ path }) => [path, 1]));
  const sort = { _id: 1 } as const;
  let after: UUID | undefined;
  for (;;) {
    if (isLate()) return false;
    const filter = after ? { _id: { $gt: after } } : {};
    const found = await findMany(ctx, entity, filter, { projection, sort, limit: BATCH });
    for (const reference of references) {
      const missing = await findMissing(ctx, reference, found);
      const broken = missing.size > 0 ? await confirmBroken(ctx, reference, found, missing) : [];
      if (broken.length > 0) addBroken(result, reference, broken);
    }
    result.checked += found.length;
    after = found.at(-1)?._id;
    if (!after || found.length < BATCH) return true;
  }
}

/**
 * Finds the ids that documents refer to by one reference and that do not exist, by the text of the
 * id.
 */
async function findMissing(
  ctx: Ctx,
  { path, to }: Reference,
  documents: Base[],
): Promise<Map<string, UUID>> {
  const asked = new Map<string, UUID>();
  for (const id of documents.flatMap((d) => readIds(d, path))) asked.set(idText(id), id);
  const ids = [...asked.values()];
  for (let i = 0; i < ids.length; i += BATCH) {
    const filter = { _id: { $in: ids.slice(i, i + BATCH) } };
    const some = { projection: { _id: 1 }, limit: BATCH };
    for (const { _id } of await findMany(ctx, entityNamed(to), filter, some)) {
      asked.delete(idText(_id));
    }
  }
  return asked;
}

/** Reads both sides again, and returns the documents that still have a broken reference. */
async function confirmBroken(
  ctx: Ctx,
  reference: Reference,
  documents: Base[],
  missing: Map<string, UUID>,
): Promise<Base[]> {
  const { entity, path } = reference;
  const refers = (d: Base, to: Map<string, UUID>) =>
    readIds(d, path).some((id) => to.has(idText(id)));
  const ids = documents.filter((d) => refers(d, missing)).map((d) => d._id);
  const again = { projection: { [path]: 1 }, limit: BATCH };
  const existing = await findMany(ctx, entity, { _id: { $in: ids } }, again);
  const gone = await findMissing(ctx, reference, existing);
  for (const id of await findDeletedLately(ctx, [...gone.values()])) gone.delete(idText(id));
  return existing.filter((d) => refers(d, gone));
}

/** Filters the ids that were deleted lately: a sweep job is still removing what refers to them. */
async function findDeletedLately(ctx: Ctx, ids: UUID[]): Promise<UUID[]> {
  const isRecent = isToCome(ctx, 'createdAt', SWEEP_MS);
  const lately: UUID[] = [];
  for (let i = 0; i < ids.length; i += BATCH) {
    const document = { $in: ids.slice(i, i + BATCH) };
    const events = await findMany(
      ctx,
      AuditEvent,
      { document, action: 'delete', ...isRecent },
      { projection: { document: 1 }, limit: BATCH, hint: { document: 1, createdAt: -1, _id: -1 } },
    );
    const which = { 'event.document': document, 'event.action': 'delete', ...isRecent };
    const loose: Base[] = await findMany(ctx, LooseEvent, which, { limit: BATCH });
    const deletions = (loose as (Base & { event: { document: UUID } })[]).map((l) => l.event);
    lately.push(...[...events, ...deletions].map((e) => e.document));
  }
  return lately;
}

function addBroken(result: Checked, { entity, path, to }: Reference, documents: Base[]): void {
  let of = result.broken.find((b) => b.entity === entity.name && b.path === path);
  if (!of) {
    of = { entity: entity.name, path, to, count: 0, examples: [] };
    result.broken.push(of);
  }
  of.count += documents.length;
  const more = documents.slice(0, MOST_EXAMPLES - of.examples.length);
  of.examples.push(...more.map((d) => idText(d._id)));
}

function readIds(document: Base, path: string): UUID[] {
  return readPath(document, path) as UUID[];
}
