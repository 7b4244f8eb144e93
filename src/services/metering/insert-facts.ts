import type { Ctx } from '../../context.ts';
import { isDuplicate } from '../../data/failures.ts';
import type { UUID } from '../../data/ids.ts';
import { MeteringFact } from '../../models/metering/metering-fact.ts';
import { forgetGone } from './gone-users.ts';
import type { MetricName } from './metrics.ts';
import { DAY, startOf } from './periods.ts';

/** What a cause counts for. */
export interface Amount {
  metric: MetricName;
  amount: number;
  dimensions?: Record<string, string>;
  /** Of what was counted before it was written: the single values, and how often each came. */
  values?: number[];
  counts?: number[];
}

/** A cause of usage. */
export interface NewFact {
  /** The id of the cause, which happens once. */
  _id: UUID;
  user?: UUID;
  at: Date;
  amounts: Amount[];
}

/**
 * The facts of an hour are kept for 90 days after its stats were made. Later than this a fact counts in the
 * hour that finds it: stats made again of what is left would lose the others.
 */
const LATEST = 60 * DAY;

/** Writes facts; those that are there already are passed over, and none is left of a user who is gone. */
export async function insertFacts(
  ctx: Ctx,
  facts: NewFact[],
  options: { timeoutMS?: number; writeConcern?: { w: 1 } } = {},
): Promise<void> {
  if (facts.length === 0) return;
  const now = new Date(ctx.clock());
  const documents = facts.map(({ amounts, ...fact }) => ({
    ...fact,
    hour: startOf('HOUR', isTooLate(fact.at, now) ? now : fact.at),
    amounts: amounts.map(({ dimensions = {}, ...amount }) => ({
      ...amount,
      dimensions: sortKeys(dimensions),
    })),
    isPending: true,
    ...{ createdAt: now, updatedAt: now, version: 1 },
  }));
  try {
    await MeteringFact.collection.insertMany(documents, { ...options, ordered: false });
  } catch (error) {
    if (!isDuplicate(error)) throw error;
  }
  await forgetGone(
    ctx,
    facts.map(({ user }) => user),
  );
}

/** MongoDB compares objects with the order of their keys. */
function sortKeys(dimensions: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function isTooLate(at: Date, now: Date): boolean {
  return now.getTime() - at.getTime() > LATEST;
}
