import '../harness/place.ts';
import { expect, test } from 'vitest';
import { createCallMeter } from '../../src/api/http/call-meter.ts';
import { systemCtx } from '../../src/context.ts';
import { idText, newId } from '../../src/data/ids.ts';
import type { NewFact } from '../../src/services/metering/insert-facts.ts';

const ctx = systemCtx('test');
const log = { ...ctx.log, warn: () => undefined } as unknown as typeof ctx.log;
const call = (ms = 12, status = 200) => ({
  actor: { kind: 'USER', id: newId(1), session: newId(1) } as const,
  ...{ operation: 'listTracks', status, ms },
});

/** A meter whose writes can fail, though what they wrote may be there. */
function meter() {
  const there = new Map<string, NewFact>();
  const state = { isDown: false, isHeard: true, writes: 0 };
  const made = createCallMeter(async (_ctx, facts) => {
    state.writes++;
    if (!state.isDown || !state.isHeard) for (const f of facts) there.set(idText(f._id), f);
    if (state.isDown) throw new Error('The database is away.');
  });
  const count = () => {
    const amounts = [...there.values()].flatMap((fact) => fact.amounts);
    const sum = (metric: string) =>
      amounts.filter((a) => a.metric === metric).reduce((s, a) => s + a.amount, 0);
    const times = amounts.filter((a) => a.metric === 'calls.time').flatMap((a) => a.counts ?? []);
    return { calls: sum('calls'), times: times.reduce((s, n) => s + n, 0) };
  };
  return { ...made, state, count };
}

test('the first call of a process is written at once, further ones ten seconds later', async () => {
  const { meterCall, flushCalls, state, count } = meter();
  await meterCall(ctx, call());
  for (let n = 0; n < 50; n++) await meterCall(ctx, call());
  expect([state.writes, count().calls]).toEqual([1, 1]);
  await flushCalls(ctx);
  expect(count()).toEqual({ calls: 51, times: 51 });
});

test.each([
  ['did not happen', true],
  ['happened unheard', false],
])('a write that %s is written again, and counted once', async (_, isHeard) => {
  const { meterCall, flushCalls, state, count } = meter();
  Object.assign(state, { isDown: true, isHeard });
  for (let n = 0; n < 20; n++) await meterCall({ ...ctx, log }, call());
  await flushCalls({ ...ctx, log });
  state.isDown = false;
  await meterCall(ctx, call());
  await flushCalls(ctx);
  expect(count()).toEqual({ calls: 21, times: 21 });
});

test('many users, or many kinds of answers, are written before they take much memory', async () => {
  const { meterCall, flushCalls, state, count } = meter();
  await meterCall(ctx, call());
  for (let n = 0; n < 1500; n++) await meterCall(ctx, call());
  expect(state.writes).toBe(2);
  await flushCalls(ctx);
  expect(count().calls).toBe(1501);
});

test('times are kept to two digits, so that few values are written', async () => {
  const there: NewFact[] = [];
  const { meterCall, flushCalls } = createCallMeter(
    async (_ctx, facts) => void there.push(...facts),
  );
  for (const ms of [0.2, 1234.5, 1239, 1e9]) await meterCall(ctx, call(ms));
  await flushCalls(ctx);
  const values = there.flatMap((f) => f.amounts).flatMap((a) => a.values ?? []);
  expect(values).toEqual([1, 1200, 60_000]);
});
