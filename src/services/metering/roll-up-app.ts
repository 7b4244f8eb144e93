import type { Ctx } from '../../context.ts';
import type { Base } from '../../data/entity.ts';
import { findMany } from '../../data/read.ts';
import { transaction } from '../../data/transaction.ts';
import { MeteringFact, type MeteringFactDoc } from '../../models/metering/metering-fact.ts';
import { StaleHour } from '../../models/metering/stale-hour.ts';
import { Stat, type StatDoc } from '../../models/metering/stat.ts';
import { countActive } from './count-active.ts';
import { addFact, addStat, type Totals } from './fold.ts';
import { endOf, type Period, startOf } from './periods.ts';
import { writeStats } from './write-stats.ts';

/** How many hours are looked at in one read. */
const BATCH = 100;
/** Ends a run when less is left, in ms. */
const MARGIN = 20_000;

const OF_APP = { user: { $exists: false } } as const;

/**
 * Makes the stats of the whole app anew for each hour in which something was counted: of those of all users,
 * and of the facts that have no user; then those of its day and month. @returns how many hours
 */
export async function rollUpApp(ctx: Ctx, timeLeft: () => number): Promise<number> {
  let done = 0;
  const skipped = new Set<number>();
  for (;;) {
    const options = { sort: { at: 1 }, limit: BATCH, projection: { at: 1, version: 1 } } as const;
    const stale = await findMany(ctx, StaleHour, {}, options);
    const next = stale.filter(({ at }) => !skipped.has(at.getTime()));
    if (next.length === 0) return done;
    for (const hour of next) {
      if (timeLeft() < MARGIN) {
        ctx.log.warn('The time did not suffice for the stats of the whole app.', { done });
        return done;
      }
      // Where users were counted meanwhile, the next run does it.
      if (await rollUpHour(ctx, hour)) done++;
      else skipped.add(hour.at.getTime());
    }
  }
}

type Stale = Pick<Base, '_id' | 'version'> & { at: Date };

async function rollUpHour(ctx: Ctx, { _id, version, at }: Stale): Promise<boolean> {
  const totals = await foldUsers(ctx, at);
  await foldOwnerless(ctx, at, totals);
  const active = await countActive(ctx, at);
  return transaction(ctx, async (tx) => {
    const session = tx.session && { session: tx.session };
    // Changes since then have raised the version.
    const { deletedCount } = await StaleHour.collection.deleteOne({ _id, version }, { ...session });
    if (deletedCount === 0) return false;
    await writeStats(tx, 'HOUR', totals);
    await foldUp(tx, 'HOUR', 'DAY', at);
    await foldUp(tx, 'DAY', 'MONTH', at);
    for (const [period, ofPeriod] of active) await writeStats(tx, period, ofPeriod);
    return true;
  });
}

/** Adds up the stats of all users in an hour. */
async function foldUsers(ctx: Ctx, at: Date): Promise<Totals> {
  const totals: Totals = new Map();
  const ofUsers = Stat.collection.find<StatDoc>(
    { period: 'HOUR', at, user: { $exists: true } },
    { hint: { period: 1, at: 1, metric: 1, user: 1 }, ...inSession(ctx) },
  );
  for await (const stat of ofUsers) addStat(totals, { at }, stat);
  return totals;
}

/** Adds the facts of an hour that have no user. */
async function foldOwnerless(ctx: Ctx, at: Date, totals: Totals): Promise<void> {
  const facts = MeteringFact.collection.find<MeteringFactDoc>(
    { ...OF_APP, hour: at },
    { projection: { amounts: 1 }, hint: { user: 1, hour: 1 }, ...inSession(ctx) },
  );
  for await (const fact of facts) addFact(totals, { at }, fact);
}

async function foldUp(tx: Ctx, from: Period, to: Period, hour: Date): Promise<void> {
  const at = startOf(to, hour);
  const totals: Totals = new Map();
  const parts = Stat.collection.find<StatDoc>(
    { ...OF_APP, period: from, at: { $gte: at, $lt: endOf(to, at) }, metric: { $nin: DISTINCT } },
    { hint: { user: 1, period: 1, at: -1, _id: -1 }, ...inSession(tx) },
  );
  for await (const part of parts) addStat(totals, { at }, part);
  await writeStats(tx, to, totals);
}

/** What does not add up: who is active in two hours is one. */
const DISTINCT = ['users.active', 'users.retained'];

function inSession({ session }: Ctx) {
  return session ? { session } : {};
}
