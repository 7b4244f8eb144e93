import { vi } from 'vitest';

const stripe = await vi.hoisted(async () => (await import('../harness/stripe.ts')).startStripe());

import '../harness/place.ts';
import { afterAll, afterEach, expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { UUID } from '../../src/data/ids.ts';
import { Job } from '../../src/models/jobs/job.ts';
import { WebhookEvent } from '../../src/models/webhooks/webhook-event.ts';
import { handOnEvents } from '../../src/services/payments/hand-on.ts';
import { closeDispute, createRefund, openDispute } from '../fakes/stripe/reversals.ts';
import { paySession } from '../fakes/stripe/sessions.ts';
import { place } from '../harness/place.ts';
import { times } from '../harness/times.ts';
import { pollLater } from './support/scenarios.ts';
import { IN_ORDER, World } from './support/world.ts';

place({ worker: false });

afterEach(() => stripe.faults.splice(0));
afterAll(() => stripe.stop());

const HOUR = 60;
const FOREVER = () => Number.POSITIVE_INFINITY;

async function buy(): Promise<World> {
  const world = await World.make(stripe, IN_ORDER);
  await world.buy();
  return world;
}

/** Stripe answers nothing until each event that waits has used up its tries. */
async function useUpTries(world: World, happens: () => void): Promise<void> {
  const out = { at: /^GET /, does: 'BREAKS_BEFORE', times: 1000 } as const;
  stripe.faults.push(out);
  happens();
  await world.send();
  const waiting = { type: 'handle-stripe-event', status: 'QUEUED' };
  await Job.collection.updateMany(waiting, [
    { $set: { attempts: { $subtract: ['$maxAttempts', 1] } } },
  ]);
  await world.work();
  expect(await Job.collection.countDocuments({ ...waiting, status: 'FAILED' })).toBeGreaterThan(0);
  stripe.faults.splice(0);
}

test.each<[string, (world: World) => void, object]>([
  [
    'a payment',
    (world) => paySession(stripe.state, world.session, 'PAYS'),
    { status: 'COMPLETED', balance: 100 },
  ],
  [
    'a refund',
    (world) => createRefund(stripe.state, { payment_intent: world.intent }),
    { status: 'REFUNDED', balance: 0 },
  ],
  [
    'a dispute that was lost',
    (world) => closeDispute(stripe.state, openDispute(stripe.state, world.intent).id, 'lost'),
    { status: 'REFUNDED', error: 'DISPUTED', balance: 0, isFrozen: false },
  ],
])('%s is settled after an outage that was longer than all tries', async (what, happens, end) => {
  const world = await buy();
  if (what !== 'a payment') {
    paySession(stripe.state, world.session, 'PAYS');
    await world.flush();
  }
  await useUpTries(world, () => happens(world));
  const before = await world.describe();
  await pollLater(HOUR);
  await world.work();
  expect(await world.describe()).toEqual(before);
  await pollLater(3 * HOUR);
  await world.work();
  expect(await world.describe()).toMatchObject(end);
});

test('what cannot be handled is handed on more and more rarely, and once by many runs', async () => {
  const world = await buy();
  await useUpTries(world, () => paySession(stripe.state, world.session, 'PAYS'));
  const handOn = async (hours: number) => {
    const ctx = { ...systemCtx('test'), clock: () => Date.now() + hours * 3600_000 };
    const counts = await Promise.all(times(4, () => handOnEvents(ctx, FOREVER)));
    return counts.reduce((sum, count) => sum + count, 0);
  };
  const waiting = await WebhookEvent.collection.countDocuments({
    payment: new UUID(world.payment?.id as string),
    dueAt: { $exists: true },
  });
  expect(waiting).toBeGreaterThan(0);
  const counts: number[] = [];
  for (const hours of [1, 3, 5, 7, 13, 15]) counts.push(await handOn(hours));
  expect(counts).toEqual([0, waiting, 0, waiting, 0, waiting]);
});
