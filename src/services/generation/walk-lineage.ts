import type { Ctx } from '../../context.ts';
import { type Base, entityNamed } from '../../data/entity.ts';
import { idText, parseId, type UUID } from '../../data/ids.ts';
import { findMany } from '../../data/read.ts';
import { MEDIA_KINDS, type MediaKindName } from '../../models/media/media-fields.ts';

/** How many steps up and down, and how many media of each, are told. */
const MOST_STEPS = 10;
const MOST_MEDIA = 100;

/** A medium in the lineage of another one. */
interface Relative {
  id: string;
  /** Null of one that is no longer there. */
  kind: MediaKindName | null;
  name: string | null;
  status: string | null;
  generatedBy: string | null;
  /** How it was generated; null of what was uploaded. */
  lineage: object | null;
  madeFrom: string[];
  /** How many steps away it is: 1 is what it was made from, or what was made of it, itself. */
  steps: number;
}

export interface Lineage {
  medium: Relative;
  /** What it was made from, the nearest first. */
  sources: Relative[];
  /** What was made of it. */
  results: Relative[];
  /** Whether there is more than that. */
  hasMore: boolean;
}

type Medium = Base & {
  name: string;
  status: string;
  generatedBy?: UUID | null;
  lineage?: object | null;
  madeFrom?: string[] | null;
};

/** Walks up to all that a medium was made from, and down to all that was made of it. */
export async function walkLineage(
  ctx: Ctx,
  user: UUID,
  kind: MediaKindName,
  medium: Base,
): Promise<Lineage> {
  const root = describe(kind, medium as Medium);
  const up = await walk(root, (relatives) =>
    findByIds(ctx, user, [...new Set(relatives.flatMap(({ madeFrom }) => madeFrom))]),
  );
  const down = await walk(root, (relatives) => findMadeFrom(ctx, user, relatives));
  return {
    medium: root,
    sources: up.found,
    results: down.found,
    hasMore: up.hasMore || down.hasMore,
  };
}

type Step = (relatives: Relative[]) => Promise<Relative[]>;

async function walk(root: Relative, step: Step): Promise<{ found: Relative[]; hasMore: boolean }> {
  // A medium may be reached in several ways: it counts once, as near as it is.
  const found = new Map([[root.id, root]]);
  let last = [root];
  for (let steps = 1; last.length > 0; steps++) {
    const next = (await step(last)).filter(({ id }) => !found.has(id));
    const room = steps > MOST_STEPS ? 0 : MOST_MEDIA - (found.size - 1);
    last = next.slice(0, room).map((relative) => ({ ...relative, steps }));
    for (const relative of last) found.set(relative.id, relative);
    if (next.length > room) return { found: listOthers(found), hasMore: true };
  }
  return { found: listOthers(found), hasMore: false };
}

const listOthers = (found: Map<string, Relative>) => [...found.values()].slice(1);

async function findByIds(ctx: Ctx, user: UUID, ids: string[]): Promise<Relative[]> {
  if (ids.length === 0) return [];
  const known = ids.map(parseId).filter((id) => id !== undefined);
  const filter = { _id: { $in: known }, user };
  const there = await findEach(ctx, filter);
  const gone = ids.filter((id) => !there.some((relative) => relative.id === id));
  return [...there, ...gone.map(describeGone)];
}

function findMadeFrom(ctx: Ctx, user: UUID, relatives: Relative[]): Promise<Relative[]> {
  return findEach(ctx, { madeFrom: { $in: relatives.map(({ id }) => id) }, user });
}

async function findEach(ctx: Ctx, filter: Record<string, unknown>): Promise<Relative[]> {
  const kinds = Object.entries(MEDIA_KINDS) as [MediaKindName, string][];
  const found = await Promise.all(
    kinds.map(async ([kind, name]) => {
      const options = { projection: SHOWN, limit: MOST_MEDIA + 1 };
      const media = await findMany(ctx, entityNamed(name), filter, options);
      return media.map((medium) => describe(kind, medium as Medium));
    }),
  );
  return found.flat();
}

/** What is read of a medium. */
export const SHOWN = { name: 1, status: 1, generatedBy: 1, lineage: 1, madeFrom: 1 };

function describe(kind: MediaKindName, medium: Medium): Relative {
  const { _id, name, status, generatedBy, lineage, madeFrom } = medium;
  return {
    ...{ id: idText(_id), kind, name, status, steps: 0 },
    generatedBy: generatedBy ? idText(generatedBy) : null,
    lineage: lineage ?? null,
    madeFrom: (madeFrom ?? []).filter((id) => parseId(id)),
  };
}

function describeGone(id: string): Relative {
  const nothing = { kind: null, name: null, status: null, generatedBy: null, lineage: null };
  return { id, ...nothing, madeFrom: [], steps: 0 };
}
