import type { Ctx } from '../../context.ts';
import { databaseTime } from '../../data/database-time.ts';
import { idText, listDistinct, newId, type UUID } from '../../data/ids.ts';
import { findMany } from '../../data/read.ts';
import { transaction } from '../../data/transaction.ts';
import { MeteringFact, type MeteringFactDoc } from '../../models/metering/metering-fact.ts';
import { StaleHour } from '../../models/metering/stale-hour.ts';
import { Stat, type StatDoc } from '../../models/metering/stat.ts';
import { addFact, addStat, type Totals } from './fold.ts';
import { findGone, forgetGone } from './gone-users.ts';
import { DAY, endOf, type Period, startOf } from './periods.ts';
import { writeStats } from './write-stats.ts';

/** How many new facts one transaction takes up. */
const BATCH = 2000;
/** How long facts are kept once they are in the stats, in ms. */
const KEPT = 90 * DAY;
/** Ends a run when less is left, in ms: one batch takes less. */
const MARGIN = 20_000;

type Pending = Pick<MeteringFactDoc, '_id' | 'user' | 'hour'>;

/**
 * Makes the stats of users of all facts that are new: the hour of each is made anew, of all of its facts, and
 * then its day and its month. One transaction takes up some facts, so that whoever is killed has done a batch or
 * not, and of two at once one begins again.
 * @returns how many facts it took up
 */
export async function rollUpUsers(ctx: Ctx, timeLeft: () => number): Promise<number> {
  let taken = 0;
  while (timeLeft() > MARGIN) {
    const pending = await transaction(ctx, takeUp);
    await forgetGone(
      ctx,
      pending.map(({ user }) => user),
    );
    taken += pending.length;
    if (pending.length < BATCH) return taken;
  }
  ctx.log.warn('The time did not suffice to roll up all facts.', { taken });
  return taken;
}

async function takeUp(tx: Ctx): Promise<Pending[]> {
  const pending: Pending[] = await findMany(
    tx,
    MeteringFact,
    { isPending: true },
    {
      projection: { user: 1, hour: 1 },
      sort: { user: 1, hour: 1 },
      hint: 'pending',
      limit: BATCH,
    },
  );
  if (pending.length === 0) return [];
  const gone = new Set(
    (
      await findGone(
        tx,
        pending.map(({ user }) => user),
      )
    ).map(idText),
  );
  // What has no user is of the whole app alone.
  const owned = pending.filter(({ user }) => user && !gone.has(idText(user)));
  if (owned.length > 0) {
    await writeStats(tx, 'HOUR', await foldFacts(tx, owned));
    await foldUp(tx, 'HOUR', 'DAY', owned);
    await foldUp(tx, 'DAY', 'MONTH', owned);
  }
  await markHours(tx, pending);
  await clearMarks(tx, pending);
  return pending;
}

/** Adds up all facts of the hours of users in which there is a new one. */
async function foldFacts(tx: Ctx, pending: Pending[]): Promise<Totals> {
  const totals: Totals = new Map();
  const wanted = new Set(pending.map(nameHour));
  const facts = MeteringFact.collection.find<MeteringFactDoc>(
    { user: { $in: listUsers(pending) }, hour: { $in: listHours(pending) } },
    { projection: { user: 1, hour: 1, amounts: 1 }, ...inSession(tx) },
  );
  for await (const fact of facts) {
    const { user, hour } = fact;
    if (user && wanted.has(nameHour(fact))) addFact(totals, { user, at: hour }, fact);
  }
  return totals;
}

/** Makes the longer periods of users of their shorter ones. */
async function foldUp(tx: Ctx, from: Period, to: Period, pending: Pending[]): Promise<void> {
  const byStart = Map.groupBy(pending, ({ hour }) => startOf(to, hour).getTime());
  for (const [start, some] of byStart) {
    const at = new Date(start);
    const totals: Totals = new Map();
    const parts = Stat.collection.find<StatDoc>(
      {
        user: { $in: listUsers(some) },
        period: from,
        at: { $gte: at, $lt: endOf(to, at) },
      },
      { ...inSession(tx) },
    );
    for await (const part of parts) addStat(totals, { user: part.user as UUID, at }, part);
    await writeStats(tx, to, totals);
  }
}

/** The stats of the whole app are made of those of its users, afterwards. */
async function markHours(tx: Ctx, pending: Pending[]): Promise<void> {
  const now = new Date(tx.clock());
  const writes = listHours(pending).map((at) => ({
    updateOne: {
      filter: { at },
      update: {
        $set: { updatedAt: now },
        $inc: { version: 1 },
        $setOnInsert: { _id: newId(now.getTime()), createdAt: now },
      },
      upsert: true,
    },
  }));
  await StaleHour.collection.bulkWrite(writes, { ...inSession(tx), ordered: false });
}

async function clearMarks(tx: Ctx, pending: Pending[]): Promise<void> {
  await MeteringFact.collection.updateMany(
    { _id: { $in: pending.map(({ _id }) => _id) } },
    [
      { $set: { expiresAt: databaseTime(tx, KEPT), updatedAt: databaseTime(tx) } },
      { $unset: 'isPending' },
    ],
    inSession(tx),
  );
}

function nameHour({ user, hour }: Pick<Pending, 'user' | 'hour'>): string {
  return `${user ? idText(user) : ''} ${hour.getTime()}`;
}

function listUsers(pending: Pending[]): UUID[] {
  return listDistinct(pending.map(({ user }) => user as UUID));
}

function listHours(pending: Pending[]): Date[] {
  return [...new Set(pending.map(({ hour }) => hour.getTime()))].map((time) => new Date(time));
}

function inSession({ session }: Ctx) {
  return session ? { session } : {};
}
