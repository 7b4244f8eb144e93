import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { runTogether } from '../../src/run-together.ts';

test('what is done side by side answers in its order', async () => {
  const { signal } = new AbortController();
  expect(await runTogether<[number, string]>(signal, [async () => 1, async () => 'two'])).toEqual([
    1,
    'two',
  ]);
});

test('where one fails, the others are stopped, and its error comes once they have ended', async () => {
  const { signal } = new AbortController();
  let isOver = false;
  const waitLong = (stop: AbortSignal) =>
    setTimeout(60_000, undefined, { signal: stop }).finally(() => {
      isOver = true;
    });
  const failed = runTogether(signal, [waitLong, () => Promise.reject(new Error('no picture'))]);
  await expect(failed).rejects.toThrow('no picture');
  expect(isOver).toBe(true);
});

test('where all are stopped from outside, the reason of that is told', async () => {
  const outer = new AbortController();
  const work = (stop: AbortSignal) => setTimeout(60_000, undefined, { signal: stop });
  const stopped = runTogether(outer.signal, [work, work]);
  outer.abort(new Error('cancelled'));
  await expect(stopped).rejects.toThrow('cancelled');
});
