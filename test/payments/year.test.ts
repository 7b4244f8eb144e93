import { vi } from 'vitest';

const stripe = await vi.hoisted(async () => {
  await import('./support/plans.ts');
  return (await import('../harness/stripe.ts')).startStripe();
});

import '../harness/place.ts';
import { afterAll, expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { verifyLedger } from '../../src/services/billing/verify.ts';
import { reconcilePayments } from '../../src/services/payments/reconcile.ts';
import { paySession } from '../fakes/stripe/sessions.ts';
import { readClock } from '../fakes/stripe/state.ts';
import { payOpenInvoice, setBehaviour } from '../fakes/stripe/subscriptions.ts';
import { chance } from '../harness/chance.ts';
import { place } from '../harness/place.ts';
import { World } from './support/world.ts';

place({ worker: false });

afterAll(() => stripe.stop());

/** What happens in which month of the year, before it is over. */
const HAPPENS: Record<number, [string, (world: World) => Promise<unknown>]> = {
  4: ['to STUDIO, in its middle', (world) => world.change('plan', { plan: 'STUDIO' })],
  7: ['to PRO, from the next on', (world) => world.change('plan', { plan: 'PRO' })],
  9: [
    'its card is refused',
    async (world) => setBehaviour(stripe.state, world.subscribed.id, 'DECLINES'),
  ],
  10: [
    'paid late',
    async (world) => {
      setBehaviour(stripe.state, world.subscribed.id, 'PAYS');
      payOpenInvoice(stripe.state, world.subscribed.id);
      await world.flush();
    },
  ],
  12: ['canceled, to end with it', (world) => world.change('cancel')],
};

test('a year of a subscription: each period is paid and granted once, by the test clock', async () => {
  const world = await World.make(stripe, { isShuffled: true, random: chance().next });
  await world.subscribe('PRO');
  const from = new Date(readClock(stripe.state) * 1000 - 1000);
  paySession(stripe.state, world.session, 'PAYS');
  const rows: string[][] = [];
  for (let month = 1; month <= 12; month++) {
    await world.pass(0.5);
    await world.flush();
    const [what, happen] = HAPPENS[month] ?? ['', async () => undefined];
    await happen(world);
    const { balance, subscription, plan, payments } = await world.finish();
    const { body } = await world.person.get<{ plan: string }>('/v1/allowances');
    const row = [month, what, subscription, plan, body.plan, payments, balance];
    rows.push(row.map((cell) => String(cell)));
    await world.pass();
  }
  const end = await world.finish();
  rows.push([
    '13',
    '',
    ...[end.subscription, end.plan, '–', end.payments, end.balance].map(String),
  ]);
  const page = writeYear(rows);
  console.log(page);
  // Eight months of PRO, one of them begun late; three and a half of STUDIO.
  const credits = 4 * 500 + 750 + 3 * 2000 + 5 * 500;
  expect(end).toMatchObject({ subscription: 'CANCELLED', payments: 13, purchases: 13 });
  expect(end.balance).toBe(credits);
  expect(await verifyLedger()).not.toHaveProperty('fault');
  const to = new Date(readClock(stripe.state) * 1000 + 1000);
  const report = await reconcilePayments(systemCtx('test'), { from, to });
  expect([report?.charges, report?.differences]).toEqual([13, []]);
  await expect(page).toMatchFileSnapshot('../../docs/subscription.md');
});

const HEADS = ['month', 'what happens', 'status', 'paid plan', 'allowances', 'payments', 'credits'];

function writeYear(rows: string[][]): string {
  const lines = [HEADS, HEADS.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`);
  return `# A year of a subscription

Told by the test clock of the stand-in for Stripe, to \`test/payments/year.test.ts\`: in the middle of each month, once something
has happened; each event comes one to three times, in a random order. PRO brings 500 credits for each month that is paid,
STUDIO 2000. The first and the last periods are whole ones; each paid invoice is one payment.

${lines.join('\n')}
`;
}
