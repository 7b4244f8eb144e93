import type { Ctx } from '../../../context.ts';
import { type Base, type Entity, entities, entityNamed } from '../../../data/entity.ts';
import { idText, type UUID } from '../../../data/ids.ts';
import { findMany } from '../../../data/read.ts';
import { type Reference, readPath, referencesOf } from '../../../data/references.ts';
import { AuditEvent } from '../../../models/audit/audit-event.ts';
import { correctCounts, findMiscounted } from './counters.ts';

/** How many documents are looked at at once. */
const BATCH = 1000;
/** So long the children of what was deleted may still be on their way out, in ms. */
const SWEPT_WITHIN = 15 * 60_000;
/** What is left of the function's time when it stops, in ms. */
const ENOUGH = 30_000;
const MOST_EXAMPLES = 5;

/** References of one kind to documents that are not there. */
export interface Broken {
  entity: string;
  path: string;
  to: string;
  count: number;
  /** The ids of some that refer. */
  examples: string[];
}

/** What one run found. */
export interface Checked {
  checked: number;
  broken: Broken[];
  /** How many counts were wrong, and are right now. */
  recounted: number;
  /** The entity at which the time was up. It reads millions in one run, so no place is kept for the next. */
  unfinished?: string;
}

/**
 * Goes through all documents and tells which of their references are to nothing; none are expected. Puts
 * counts of children right. Changes nothing else: what is broken is for people to judge.
 */
export async function checkAllReferences(ctx: Ctx, timeLeft: () => number): Promise<Checked> {
  const result: Checked = { checked: 0, broken: [], recounted: 0 };
  const isLate = () => timeLeft() < ENOUGH;
  // Looked at now and again at the end: what was only on its way is right by then.
  const miscounted = await findMiscounted(ctx, isLate);
  for (const entity of entities.values()) {
    const references = referencesOf(entity);
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

/** False when the time was up before its end. */
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
      const missing = await missingIn(ctx, reference, found);
      const broken = missing.size > 0 ? await confirmed(ctx, reference, found, missing) : [];
      if (broken.length > 0) add(result, reference, broken);
    }
    result.checked += found.length;
    after = found.at(-1)?._id;
    if (!after || found.length < BATCH) return true;
  }
}

/** Of what documents refer to by one reference, what is not there: by the text of its id. */
async function missingIn(
  ctx: Ctx,
  { path, to }: Reference,
  documents: Base[],
): Promise<Map<string, UUID>> {
  const asked = new Map<string, UUID>();
  for (const id of documents.flatMap((d) => idsAt(d, path))) asked.set(idText(id), id);
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

/** Which documents still refer to something missing, now that both are read once more. */
async function confirmed(
  ctx: Ctx,
  reference: Reference,
  documents: Base[],
  missing: Map<string, UUID>,
): Promise<Base[]> {
  const { entity, path } = reference;
  const refers = (d: Base, to: Map<string, UUID>) =>
    idsAt(d, path).some((id) => to.has(idText(id)));
  const ids = documents.filter((d) => refers(d, missing)).map((d) => d._id);
  const again = { projection: { [path]: 1 }, limit: BATCH };
  const standing = await findMany(ctx, entity, { _id: { $in: ids } }, again);
  const gone = await missingIn(ctx, reference, standing);
  for (const id of await deletedLately(ctx, [...gone.values()])) gone.delete(idText(id));
  return standing.filter((d) => refers(d, gone));
}

/** What was deleted just now: a sweep is after those that refer to it. */
async function deletedLately(ctx: Ctx, ids: UUID[]): Promise<UUID[]> {
  const since = new Date(ctx.clock() - SWEPT_WITHIN);
  const lately: UUID[] = [];
  for (let i = 0; i < ids.length; i += BATCH) {
    const document = { $in: ids.slice(i, i + BATCH) };
    const events = await findMany(
      ctx,
      AuditEvent,
      { document, action: 'delete', createdAt: { $gte: since } },
      { projection: { document: 1 }, limit: BATCH, hint: { document: 1, createdAt: -1, _id: -1 } },
    );
    lately.push(...events.map((e) => e.document));
  }
  return lately;
}

function add(result: Checked, { entity, path, to }: Reference, documents: Base[]): void {
  let of = result.broken.find((b) => b.entity === entity.name && b.path === path);
  if (!of) {
    of = { entity: entity.name, path, to, count: 0, examples: [] };
    result.broken.push(of);
  }
  of.count += documents.length;
  const more = documents.slice(0, MOST_EXAMPLES - of.examples.length);
  of.examples.push(...more.map((d) => idText(d._id)));
}

function idsAt(document: Base, path: string): UUID[] {
  return readPath(document, path) as UUID[];
}
