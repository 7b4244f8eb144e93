import { collectErrors } from '../../collect-errors.ts';
import type { Ctx } from '../../context.ts';
import type { Base, Entity } from '../../data/entity.ts';
import { idText, lowestIdAt, newId, type UUID } from '../../data/ids.ts';
import { findMany, findOne } from '../../data/read.ts';
import {
  CreditsTransaction,
  type CreditsTransactionDoc,
} from '../../models/billing/credits-transaction.ts';
import { ComfyUIResourceUsage } from '../../models/generation/comfyui/resource-usage.ts';
import { MeteringCursor } from '../../models/metering/metering-cursor.ts';
import { MeteringFact } from '../../models/metering/metering-fact.ts';
import { readTime } from './derive-facts.ts';
import { insertFacts, type NewFact } from './insert-facts.ts';

/**
 * So far back documents are looked for that were not there yet: a transaction may take two minutes to be
 * committed, and the clock of the host that made the id may be ten minutes behind.
 */
const OVERLAP = 15 * 60_000;
const BATCH = 1000;
/** Ends a run when less is left, in ms. */
const MARGIN = 20_000;

/** Documents that are inserted once and not audited, each of which is a fact. */
interface Source {
  entity: Entity;
  projection: Record<string, 1>;
  derive(document: Base): NewFact | undefined;
}

const SOURCES: Source[] = [
  {
    entity: CreditsTransaction as Entity,
    projection: { account: 1, type: 1, cause: 1, amount: 1, createdAt: 1 },
    derive: (document) => {
      // A user's account has the user's id.
      const { _id, account, type, cause, amount, createdAt } = document as CreditsTransactionDoc;
      const amounts = [{ metric: 'credits', amount, dimensions: { type, cause } } as const];
      return { _id, user: account as UUID, at: createdAt, amounts };
    },
  },
  {
    entity: ComfyUIResourceUsage as Entity,
    projection: { user: 1, gpuSeconds: 1, createdAt: 1 },
    derive: (document) => {
      const { _id, user, gpuSeconds, createdAt } = document as Base & { gpuSeconds?: number };
      if (!gpuSeconds) return undefined;
      const amounts = [{ metric: 'gpu.seconds', amount: gpuSeconds } as const];
      return { _id, ...(user && { user }), at: createdAt, amounts };
    },
  },
];

/**
 * Writes the facts of what was inserted into append-only collections since the last run. May run at any time,
 * also twice at once: a fact has the id of its document. @returns how many documents it looked at
 */
export async function scanEntries(ctx: Ctx, timeLeft: () => number): Promise<number> {
  const { attempt, finish } = collectErrors();
  let looked = 0;
  for (const source of SOURCES) looked += (await attempt(() => scan(ctx, source, timeLeft))) ?? 0;
  finish();
  return looked;
}

async function scan(
  ctx: Ctx,
  { entity, projection, derive }: Source,
  timeLeft: () => number,
): Promise<number> {
  const cursor = await findOne(ctx, MeteringCursor, { source: entity.name });
  let after = lowestIdAt(Math.max(0, (cursor?.readTo.getTime() ?? 0) - OVERLAP));
  for (let looked = 0; ; ) {
    const found = await findMany(
      ctx,
      entity,
      { _id: { $gt: after } },
      { projection, sort: { _id: 1 }, limit: BATCH },
    );
    looked += found.length;
    await insertFacts(ctx, await leaveOutKnown(ctx, found, derive));
    const last = found.at(-1);
    if (last) {
      after = last._id;
      // An id of the future would have those of the present overlooked.
      await advance(ctx, entity, new Date(Math.min(readTime(after), ctx.clock())));
    }
    if (found.length < BATCH || timeLeft() < MARGIN) return looked;
  }
}

/** What was looked at before is looked at again, as long as `OVERLAP`. */
async function leaveOutKnown(
  ctx: Ctx,
  found: Base[],
  derive: Source['derive'],
): Promise<NewFact[]> {
  const ids = found.map(({ _id }) => _id);
  const some = { projection: { _id: 1 }, limit: BATCH };
  const known = await findMany(ctx, MeteringFact, { _id: { $in: ids } }, some);
  const names = new Set(known.map(({ _id }) => idText(_id)));
  return found
    .filter(({ _id }) => !names.has(idText(_id)))
    .map(derive)
    .filter((fact) => fact !== undefined);
}

async function advance(ctx: Ctx, { name: source }: Entity, readTo: Date): Promise<void> {
  const now = new Date(ctx.clock());
  await MeteringCursor.collection.updateOne(
    { source },
    {
      $max: { readTo },
      $set: { updatedAt: now },
      $inc: { version: 1 },
      $setOnInsert: { _id: newId(now.getTime()), createdAt: now },
    },
    { upsert: true },
  );
}
