import '../harness/place.ts';
import { afterEach, expect, test, vi } from 'vitest';
import { type Ctx, systemCtx } from '../../src/context.ts';
import { newId, type UUID } from '../../src/data/ids.ts';
import { User } from '../../src/models/account/user.ts';
import { MeteringFact } from '../../src/models/metering/metering-fact.ts';
import { StaleHour } from '../../src/models/metering/stale-hour.ts';
import { Stat } from '../../src/models/metering/stat.ts';
import { insertFacts, type NewFact } from '../../src/services/metering/insert-facts.ts';
import { rollUp } from '../../src/services/metering/roll-up.ts';
import { chance } from '../harness/chance.ts';
import { dying } from '../harness/dying.ts';
import { place } from '../harness/place.ts';
import { profileOf } from '../harness/profile.ts';
import { compareStats } from '../harness/recount.ts';
import { times } from '../harness/times.ts';
import { storeUsers } from './store-users.ts';

place({ worker: false });

const ctx = systemCtx('test');
const now = Date.UTC(2026, 4, 2, 12);
const DAY = 86_400_000;
const at = (time: number): Ctx => ({ ...ctx, clock: () => time });
// By the database's own time: facts of the past are kept for 90 days from now.
const roll = () => rollUp(ctx, () => 600_000);

afterEach(async () => {
  await MeteringFact.collection.deleteMany({});
  await Stat.collection.deleteMany({});
  await StaleHour.collection.deleteMany({});
});

/** Facts of three users and of nobody, in the three days around the end of a month. */
function someFacts(random: ReturnType<typeof chance>, count: number, users: UUID[]): NewFact[] {
  return times(count, (): NewFact => {
    const user = users[random.below(users.length + 1)];
    const time = now - random.below(3 * 24 * 60) * 60_000;
    const type = ['process-track', 'export'][random.below(2)] as string;
    return {
      _id: newId(time),
      ...(user && { user }),
      at: new Date(time),
      amounts: [
        { metric: 'jobs', amount: 1, dimensions: { type, outcome: 'COMPLETED' } },
        { metric: 'jobs.run', amount: random.below(100_000), dimensions: { type } },
        { metric: 'storage.bytes', amount: random.below(2_000_000) - 1_000_000 },
        ...(random.below(3) ? [] : [{ metric: 'calls', amount: 1 + random.below(9) } as const]),
      ],
    };
  });
}

const users = () => storeUsers(times(3, () => newId(Date.UTC(2026, 2, 5))));

test('stats equal a recount of the facts: by hour, day and month, of users and of the whole app', async () => {
  await insertFacts(at(now), someFacts(chance(), 300, await users()));
  await roll();
  expect(await compareStats()).toEqual([]);
  expect(await Stat.collection.countDocuments({ period: 'MONTH', metric: 'jobs' })).toBeGreaterThan(
    8,
  );
  expect(await MeteringFact.collection.countDocuments({ isPending: true })).toBe(0);
});

test('a late fact has its hour, day and month made anew, and nothing else is counted twice', async () => {
  const random = chance();
  const owners = await users();
  await insertFacts(at(now), someFacts(random, 100, owners));
  await roll();
  await insertFacts(at(now), someFacts(random, 20, owners));
  await roll();
  expect(await compareStats()).toEqual([]);
  // All once more, as after a restored backup.
  await MeteringFact.collection.updateMany({}, { $set: { isPending: true } });
  await roll();
  expect(await compareStats()).toEqual([]);
});

test('the same cause is counted once, however often it is told', async () => {
  const facts = someFacts(chance(), 30, await users());
  await insertFacts(at(now), facts);
  await insertFacts(at(now), facts);
  await roll();
  await insertFacts(at(now), facts);
  await roll();
  expect(await MeteringFact.collection.countDocuments({})).toBe(30);
  expect(await compareStats()).toEqual([]);
});

test('roll-ups that are killed at any call of the database leave stats that equal the facts', async () => {
  const random = chance();
  const owners = await users();
  let killed = 0;
  for (let n = 0; n < 40; n++) {
    await insertFacts(at(now), someFacts(random, 5, owners));
    if ((await dying(random.below(30), random.below(2) === 0, roll)) === 'killed') killed++;
  }
  await roll();
  expect(killed).toBeGreaterThan(10);
  expect(await compareStats()).toEqual([]);
});

test('roll-ups that run at once, while facts are written, leave stats that equal the facts', async () => {
  const random = chance();
  const owners = await users();
  await insertFacts(at(now), someFacts(random, 100, owners));
  await Promise.all([
    roll(),
    roll(),
    insertFacts(at(now), someFacts(random, 50, owners)),
    roll(),
    insertFacts(at(now), someFacts(random, 50, owners)),
  ]);
  await roll();
  expect(await compareStats()).toEqual([]);
});

test('a fact that comes after sixty days counts in the hour that finds it', async () => {
  const [user] = await users();
  const fact = (time: number): NewFact => ({
    ...{ _id: newId(time), user: user as UUID, at: new Date(time) },
    amounts: [{ metric: 'exports', amount: 1 }],
  });
  await insertFacts(at(now), [fact(now - 61 * DAY), fact(now - 59 * DAY)]);
  await roll();
  const hours = await Stat.collection.find({ user, period: 'HOUR' }).sort({ at: 1 }).toArray();
  expect(hours.map((stat) => (stat.at as Date).getTime())).toEqual([now - 59 * DAY, now]);
});

test('percentiles of a day are those of all its values, not a mean of its hours', async () => {
  const user = newId(now);
  await storeUsers([user]);
  const value = (time: number, amount: number): NewFact => ({
    ...{ _id: newId(time), user, at: new Date(time) },
    amounts: [{ metric: 'jobs.run', amount, dimensions: { type: 'export' } }],
  });
  const day = Date.UTC(2026, 4, 1);
  const quick = times(95, (n) => value(day + n * 1000, 100));
  const slow = times(5, (n) => value(day + 5 * 3_600_000 + n, 60_000));
  await insertFacts(at(now), [...quick, ...slow]);
  await roll();
  const [stat] = await Stat.collection.find({ user, period: 'DAY' }).toArray();
  expect(stat).toMatchObject({ count: 100, p50: 100, p95: 100, max: 60_000 });
});

test('no percentile of a stat is above its maximum', async () => {
  const user = newId(now);
  await storeUsers([user]);
  const time = Date.UTC(2026, 4, 2);
  const amounts = [{ metric: 'jobs.run', amount: 340, dimensions: { type: 'export' } } as const];
  await insertFacts(at(now), [
    { _id: newId(time), user, at: new Date(time), amounts: [...amounts] },
  ]);
  await roll();
  const stats = await Stat.collection.find({ user, metric: 'jobs.run' }).toArray();
  expect(stats.map(({ period, p50, p95, max }) => [period, p50, p95, max]).sort()).toEqual(
    ['DAY', 'HOUR', 'MONTH'].map((period) => [period, 340, 340, 340]),
  );
});

test('users who are active in several hours of a day are counted once, in months by when they registered', async () => {
  const [march, april] = [newId(Date.UTC(2026, 2, 5)), newId(Date.UTC(2026, 3, 5))];
  await storeUsers([march, april]);
  const call = (user: UUID, time: number): NewFact => ({
    ...{ _id: newId(time), user, at: new Date(time) },
    amounts: [{ metric: 'calls', amount: 1 }],
  });
  const day = Date.UTC(2026, 3, 20);
  await insertFacts(at(now), [
    ...[1, 2, 3].map((hour) => call(march, day + hour * 3_600_000)),
    ...[march, april].map((user) => call(user, day + 2 * DAY)),
  ]);
  await roll();
  const app = { user: { $exists: false } };
  const active = { ...app, metric: 'users.active' };
  const days = await Stat.collection
    .find({ ...active, period: 'DAY' })
    .sort({ at: 1 })
    .toArray();
  expect(days.map(({ sum }) => sum)).toEqual([1, 2]);
  const months = await Stat.collection.find({ ...app, metric: 'users.retained' }).toArray();
  expect(months.map(({ dimensions, sum }) => [dimensions.registered, sum]).toSorted()).toEqual([
    ['2026-03', 1],
    ['2026-04', 1],
  ]);
});

test('of a user who is gone there are neither facts nor stats, whenever that is', async () => {
  const [before, between, during, there] = await storeUsers(times(4, () => newId(now)));
  const gone = [before, between, during] as UUID[];
  const factOf = (user?: UUID): NewFact => ({
    ...{ _id: newId(now), at: new Date(now), amounts: [{ metric: 'exports', amount: 1 }] },
    ...(user && { user }),
  });
  const goes = (_id?: UUID) => User.collection.deleteOne({ _id });
  await goes(before);
  await insertFacts(at(now), [before, between, during, there].map(factOf));
  await goes(between);
  const updateMany = MeteringFact.collection.updateMany.bind(MeteringFact.collection);
  // Right before the roll-up is committed.
  const spy = vi
    .spyOn(MeteringFact.collection, 'updateMany')
    .mockImplementationOnce(async (...args) => {
      await goes(during);
      return updateMany(...args);
    });
  await roll();
  spy.mockRestore();
  const theirs = { user: { $in: gone } };
  expect(await MeteringFact.collection.countDocuments(theirs)).toBe(0);
  expect(await Stat.collection.countDocuments(theirs)).toBe(0);
  const app = { user: { $exists: false }, metric: 'exports', period: 'DAY' };
  expect(await Stat.collection.find(app).toArray()).toMatchObject([{ count: 1 }]);
  expect(await compareStats()).toEqual([]);
});

test('no query of a roll-up reads more than its index says', async () => {
  await insertFacts(at(now), someFacts(chance(), 200, await users()));
  await roll();
  await insertFacts(at(now), someFacts(chance(), 10, await users()));
  const commands = await profileOf(roll);
  for (const { op, ns, planSummary, hasSortStage } of commands) {
    expect(planSummary ?? '', `${op} ${ns}`).not.toMatch(/COLLSCAN/);
    expect(hasSortStage ?? false, `${op} ${ns}`).toBe(false);
  }
});
