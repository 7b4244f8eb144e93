import { vi } from 'vitest';

const stripe = await vi.hoisted(async () => {
  await import('./support/yearly-plans.ts');
  return (await import('../harness/stripe.ts')).startStripe();
});

import '../harness/place.ts';
import { afterAll, expect, test } from 'vitest';
import { readClock } from '../fakes/stripe/state.ts';
import { payOpenInvoice, setBehaviour } from '../fakes/stripe/subscriptions.ts';
import type { Doc } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { makeSubscriber, readAmounts } from './support/buying.ts';
import type { World } from './support/world.ts';

place({ worker: false });

afterAll(() => stripe.stop());

const subscribe = (plan: string) => makeSubscriber(stripe, plan);

const read = async ({ person, subscription }: World) =>
  (await person.get<Doc>(`/v1/subscriptions/${subscription?.id}`)).body;

async function readPeriod(world: World): Promise<Date[]> {
  const { periodStart, periodEnd } = await read(world);
  return [new Date(periodStart as string), new Date(periodEnd as string)];
}

/** The year that begins at this moment by the clock of the stand-in. */
function yearFromNow(): Date[] {
  const [start, end] = [0, 0].map(() => new Date(readClock(stripe.state) * 1000)) as [Date, Date];
  const day = end.getUTCDate();
  end.setUTCFullYear(end.getUTCFullYear() + 1);
  if (end.getUTCDate() !== day) end.setUTCDate(0); // after a 29th of February
  return [start, end];
}

test('from a month to a year: a year begins at once, less what is left of the month; then the next one', async () => {
  const world = await subscribe('PRO');
  await world.pass(0.5);
  expect(await world.change('plan', { plan: 'PRO_YEAR' })).toMatchObject({ plan: 'PRO_YEAR' });
  expect(await world.finish()).toMatchObject({ balance: 500 + 6000 - 250, payments: 2 });
  expect(await readAmounts(world)).toEqual([19_000 - 950, 1900]);
  expect(await readPeriod(world)).toEqual(yearFromNow());
  await world.pass();
  expect(await world.finish()).toMatchObject({ balance: 500 + 5750 + 6000, payments: 3 });
  expect((await readAmounts(world))[0]).toBe(19_000);
  expect(await readPeriod(world)).toEqual(yearFromNow());
});

test('the year begins once it is paid: a card that is refused leaves the month as it was', async () => {
  const world = await subscribe('PRO');
  const month = await readPeriod(world);
  await world.pass(0.5);
  const year = yearFromNow();
  setBehaviour(stripe.state, world.subscribed.id, 'DECLINES');
  const refused = await world.change('plan', { plan: 'PRO_YEAR' });
  expect([refused.plan, refused.checkout.url]).toEqual(['PRO', expect.stringContaining('/in_')]);
  expect(await readPeriod(world)).toEqual(month);
  stripe.advance(3600);
  payOpenInvoice(stripe.state, world.subscribed.id);
  expect(await world.finish()).toMatchObject({ plan: 'PRO_YEAR', balance: 6250, payments: 2 });
  expect(await readPeriod(world)).toEqual(year);
});

test.each(['PRO', 'STUDIO'])(
  'from a year to %s by the month, which costs less, is refused: nothing is charged at once',
  async (plan) => {
    const world = await subscribe('PRO_YEAR');
    const [period, before] = [await readPeriod(world), { balance: 6000, payments: 1 }];
    await world.pass(0.5);
    const path = `/v1/subscriptions/${world.subscription?.id}/plan`;
    const { status, body } = await world.person.post<{ code: string; detail: string }>(path, {
      plan,
    });
    expect([status, body.code]).toEqual([409, 'INVALID_STATE']);
    expect(body.detail).toMatch(/cancel it at the end of its period, then subscribe/);
    expect(await world.finish()).toMatchObject({ ...before, plan: 'PRO_YEAR' });
    expect([await readPeriod(world), (await read(world)).nextPlan]).toEqual([period, undefined]);
  },
);

test('from a year to a month that costs more: the month begins at once, less what is left of the year', async () => {
  const world = await subscribe('PRO_YEAR');
  await world.pass(0.5);
  expect(await world.change('plan', { plan: 'LABEL' })).toMatchObject({ plan: 'LABEL' });
  expect(await world.finish()).toMatchObject({ balance: 6000 + 30_000 - 3000, payments: 2 });
  expect(await readAmounts(world)).toEqual([50_000 - 9500, 19_000]);
  await world.pass();
  expect(await world.finish()).toMatchObject({ balance: 33_000 + 30_000, payments: 3 });
});

test('a smaller plan of the same interval was to come, and was undone: a dearer year begins from the plan that was paid', async () => {
  const world = await subscribe('STUDIO');
  await world.pass(0.5);
  expect(await world.change('plan', { plan: 'PRO' })).toMatchObject({ nextPlan: 'PRO' });
  for (const plan of ['STUDIO', 'PRO_YEAR']) await world.change('plan', { plan });
  expect(await world.finish()).toMatchObject({ plan: 'PRO_YEAR', balance: 2000 + 6000 - 1000 });
  expect(await readAmounts(world)).toEqual([19_000 - 2950, 5900]);
});
