import '../harness/place.ts';
import { expect, test, vi } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { idText, newId, type UUID } from '../../src/data/ids.ts';
import { JobTurn } from '../../src/models/jobs/job-turn.ts';
import { type Taken, takeTurns, takeTurnsOfMany } from '../../src/services/jobs/turns.ts';
import { place } from '../harness/place.ts';
import { times } from '../harness/times.ts';

place({ worker: false });

// In the middle of a second: an empty queue begins anew with each.
const noon = Math.floor(Date.now() / 1000) * 1000 + 500;
const ctx = { ...systemCtx('test'), clock: () => noon };
const users = times(3, () => newId(Date.now()));
const ask = async (counts: number[]) => {
  const asked = users.map((user, n) => ({ user, count: counts[n] as number, priority: 5 }));
  return listTurns(await takeTurnsOfMany(ctx, 'MEDIA', asked));
};

function listTurns(taken: Taken[]): number[][] {
  return taken.map(({ turns }) => turns);
}

test('turns of many users taken at once are those that each would have taken alone, and none twice', async () => {
  await ask([1, 1, 1]);
  const twins = times(3, () => newId(Date.now()));
  await eachAlone(twins, [1, 1, 1]);
  const [together, alone] = [await ask([1, 2, 5]), await eachAlone(twins, [1, 2, 5])];
  const steps = (turns: number[]) => turns.map((turn) => turn - (turns[0] as number));
  expect(together.map(steps)).toEqual(alone.map(steps));
  expect(together.map((turns) => turns.map((turn) => turn % 2))).toEqual(
    alone.map((turns) => turns.map((turn) => turn % 2)),
  );
});

test('of turns of many users that are taken at the same moment none is taken twice', async () => {
  const taken = new Map<string, number[]>();
  const note = (all: number[][]) => {
    for (const [n, user] of users.entries())
      taken.set(idText(user), [...(taken.get(idText(user)) ?? []), ...(all[n] as number[])]);
  };
  await Promise.all(times(8, async (n) => note(await ask([1 + (n % 3), 2, 1]))));
  for (const turns of taken.values()) expect(new Set(turns).size).toBe(turns.length);
});

test('the turns of many users are taken by three commands, however many they are', async () => {
  await ask([1, 1, 1]);
  const { collection } = JobTurn;
  const single = vi.spyOn(collection, 'findOneAndUpdate');
  const bulk = vi.spyOn(collection, 'bulkWrite');
  await ask([1, 1, 1]);
  expect([single.mock.calls.length, bulk.mock.calls.length]).toEqual([0, 1]);
  vi.restoreAllMocks();
});

async function eachAlone(owners: UUID[], counts: number[]): Promise<number[][]> {
  const take = (user: UUID, n: number) =>
    takeTurns(ctx, 'MEDIA', { user, count: counts[n] as number, priority: 5 });
  return listTurns(await Promise.all(owners.map(take)));
}

test('who has less urgent jobs, or had some, is told so; whoever has none is not', async () => {
  const [alice, bob] = times(2, () => newId(Date.now())) as [UUID, UUID];
  const take = async (priority: number) => {
    const asked = [alice, bob].map((user) => ({ user, count: 1, priority }));
    return (await takeTurnsOfMany(ctx, 'MEDIA', asked)).map(({ isMixed }) => isMixed);
  };
  const takeAlone = async (user: UUID, priority: number) =>
    (await takeTurns(ctx, 'MEDIA', { user, count: 1, priority })).isMixed;
  expect(await take(5)).toEqual([false, false]);
  expect([await takeAlone(alice, 9), await takeAlone(alice, 5)]).toEqual([true, false]);
  expect(await takeAlone(alice, 3)).toBe(false);
  expect(await take(5)).toEqual([true, false]);
  expect(await take(4)).toEqual([true, false]);
  expect(await take(5)).toEqual([true, true]);
});
