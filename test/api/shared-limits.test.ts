import { vi } from 'vitest';

vi.hoisted(() => {
  process.env.CALLS_PER_MINUTE = '1200';
});

import '../harness/place.ts';
import { afterEach, expect, test } from 'vitest';
import { makeEvent } from '../../bench/event.ts';
import { handler as projects } from '../../functions/projects.ts';
import { type CallCounter, createCallCounter } from '../../src/api/http/call-counter.ts';
import { countCall } from '../../src/api/http/ip-rate-limit.ts';
import { type Ctx, systemCtx } from '../../src/context.ts';
import { database } from '../../src/data/connection.ts';
import { RateCount } from '../../src/models/account/rate-count.ts';
import type { Said } from '../clocks/caller.ts';
import { passTime } from '../harness/clocks.ts';
import { readDatabaseTime } from '../harness/database-time.ts';
import { given } from '../harness/given.ts';
import { invocation } from '../harness/invocations.ts';
import { place } from '../harness/place.ts';
import { startShifted } from '../harness/shifted-process.ts';
import { times } from '../harness/times.ts';
import { until } from '../harness/until.ts';

place({ worker: false });

const MOST = 1200;
/** An address is told of from so many calls on: a six-hundredth of those of a minute. */
const LEAST = 2;
const SECOND = 1000;
const MINUTE = 60 * SECOND;

afterEach(() => vi.restoreAllMocks());

const ctx = systemCtx('test');
/** The context of a request when so many ms have passed for the database, too. */
const later = (ms: number): Ctx => ({ ...ctx, clock: () => Date.now() + ms });

/** Calls until the first is refused, so often at most. Returns how many were let through. */
function passUpTo(most: number, counter: CallCounter, address: string): number {
  for (let passed = 0; passed < most; passed++) {
    try {
      counter.countCall(address);
    } catch {
      return passed;
    }
  }
  return most;
}

/** Lets a second pass, after which each counter tells the others what it has counted. */
async function mergeAll(counters: CallCounter[], when = ctx): Promise<void> {
  passTime(SECOND);
  for (const counter of counters) await counter.mergeCalls(when);
}

test('processes together let through the calls of a minute, and what each takes in a second', async () => {
  const EACH = 20;
  const counters = times(5, () => createCallCounter(MOST));
  let passed = 0;
  for (let second = 0; second < 40; second++) {
    for (const counter of counters) passed += passUpTo(EACH, counter, '192.0.2.1');
    await mergeAll(counters);
  }
  expect(passed).toBeGreaterThanOrEqual(MOST);
  expect(passed).toBeLessThanOrEqual(MOST + counters.length * EACH);
  // The other addresses are not concerned, and this one has its calls again in the next minute.
  for (const counter of counters) expect(passUpTo(EACH, counter, '192.0.2.2')).toBe(EACH);
  passTime(MINUTE);
  const again = counters.map((counter) => passUpTo(EACH, counter, '192.0.2.1'));
  await mergeAll(counters, later(MINUTE));
  expect(again).toEqual(counters.map(() => EACH));
  for (const counter of counters) expect(passUpTo(1, counter, '192.0.2.1')).toBe(1);
});

test('four processes whose clocks are ten minutes apart count as one', async () => {
  const processes = [600_000, 0, 0, -600_000].map((ahead) => startShifted<Said>('caller', ahead));
  const all = (n: number) => processes.every(({ said }) => said.length === n);
  await until('they are ready', () => all(1));
  for (const { tell } of processes) tell('192.0.2.3');
  await until('each was refused', () => all(2));
  const ends = processes.map(({ said }) => said[1] as Exclude<Said, 'ready'>);
  const sum = (of: 'passed' | 'most') => ends.reduce((total, end) => total + end[of], 0);
  expect(sum('passed')).toBeGreaterThanOrEqual(MOST);
  expect(sum('passed')).toBeLessThanOrEqual(MOST + sum('most'));
  expect(sum('passed')).toBeLessThan(2 * MOST);
});

test('a process that stood still for a minute tells nothing of before, and soon knows what the others know', async () => {
  const [stopped, other] = times(2, () => createCallCounter(MOST)) as [CallCounter, CallCounter];
  passUpTo(500, stopped, '192.0.2.4');
  passTime(MINUTE);
  passUpTo(MOST - 100, other, '192.0.2.4');
  await mergeAll([stopped, other]);
  const counted = await RateCount.collection.find({ count: { $gte: 500 } }).toArray();
  expect(counted.map(({ count }) => count)).toContain(MOST - 100);
  expect(counted.map(({ count }) => count)).not.toContain(500);
  expect(passUpTo(LEAST, stopped, '192.0.2.4')).toBe(LEAST);
  await mergeAll([stopped]);
  expect(passUpTo(MOST, stopped, '192.0.2.4')).toBe(100 - LEAST);
});

test('of 100,000 addresses that call once nothing is stored, and those that call often are not forgotten for them', async () => {
  const counter = createCallCounter(MOST);
  const stored = () => RateCount.collection.countDocuments({});
  const before = await stored();
  passUpTo(MOST, counter, '192.0.2.5');
  passUpTo(MOST, counter, '192.0.2.6');
  for (let n = 0; n < 100_000; n++) {
    counter.countCall(`2001:db8:${n}::`);
    if (n % 10_000 === 0) expect(passUpTo(1, counter, '192.0.2.5')).toBe(0);
  }
  await mergeAll([counter]);
  expect((await stored()) - before).toBe(2);
  // Memory is for 20,000 of them: who is silent for longer is forgotten.
  expect(passUpTo(1, counter, '192.0.2.5')).toBe(0);
  expect(passUpTo(1, counter, '192.0.2.6')).toBe(1);
});

test('one merge tells of a thousand addresses at most, in two commands, and at most one is made a second', async () => {
  const counter = createCallCounter(MOST);
  const write = vi.spyOn(RateCount.collection, 'bulkWrite');
  const before = await RateCount.collection.countDocuments({});
  for (let n = 0; n < 100_000; n++) passUpTo(LEAST, counter, `2001:db8:1:${n}`);
  const merges = times(10, () => counter.mergeCalls(ctx));
  expect(merges.filter(Boolean)).toHaveLength(1);
  await Promise.all(merges);
  passUpTo(LEAST, counter, '2001:db8:1:0');
  expect(counter.mergeCalls(ctx)).toBeUndefined();
  expect(write).toHaveBeenCalledOnce();
  expect((await RateCount.collection.countDocuments({})) - before).toBe(1000);
  const [last] = await RateCount.collection.find().sort({ _id: -1 }).limit(1).toArray();
  expect(last?.expiresAt.getTime()).toBeLessThanOrEqual(
    (await readDatabaseTime()) + MINUTE + SECOND,
  );
});

/** Invokes a function as Lambda does. */
function invoke(token: string) {
  const event = makeEvent({ method: 'GET', path: '/v1/projects', token });
  return projects(event, invocation() as never);
}

test('a function answers only when its merge is over, and a request beside it does not wait', async () => {
  const { token } = await given.user();
  const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>();
  const write = vi.spyOn(RateCount.collection, 'bulkWrite');
  await until('there is something to merge', async () => {
    passTime(SECOND);
    await invoke(token);
    return write.mock.calls.length > 0;
  });
  passTime(SECOND);
  write.mockImplementationOnce(async () => (await mayEnd) as never);
  let isAnswered = false;
  const first = invoke(token).finally(() => {
    isAnswered = true;
  });
  expect(await invoke(token)).toMatchObject({ statusCode: 200 });
  expect(isAnswered).toBe(false);
  end();
  expect(await first).toMatchObject({ statusCode: 200 });
});

test('nothing is in flight when a function has answered', async () => {
  const { token } = await given.user();
  const { client } = database();
  let open = 0;
  client.on('connectionCheckedOut', () => open++);
  client.on('connectionCheckedIn', () => open--);
  const write = vi.spyOn(RateCount.collection, 'bulkWrite');
  for (let n = 0; n < 5; n++) {
    passTime(SECOND);
    expect(await invoke(token)).toMatchObject({ statusCode: 200 });
    expect(open).toBe(0);
  }
  expect(write.mock.calls.length).toBeGreaterThanOrEqual(3);
});

test('where the counts cannot be merged calls go on, counted by each process', async () => {
  const { token } = await given.user();
  const write = vi.spyOn(RateCount.collection, 'bulkWrite').mockRejectedValue(new Error('away'));
  for (let n = 0; n < 4; n++) {
    expect(await invoke(token)).toMatchObject({ statusCode: 200 });
    passTime(SECOND);
  }
  expect(write.mock.calls.length).toBeGreaterThanOrEqual(2);
  const from = { ...ctx, ip: '192.0.2.1' }; // where these events say that they come from
  expect(() => times(MOST, () => countCall(from))).toThrow(
    expect.objectContaining({ code: 'RATE_LIMITED' }),
  );
  expect(await invoke(token)).toMatchObject({ statusCode: 429 });
});
