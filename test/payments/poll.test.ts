import { vi } from 'vitest';

const stripe = await vi.hoisted(async () => (await import('../harness/stripe.ts')).startStripe());

import '../harness/place.ts';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { UUID } from '../../src/data/ids.ts';
import { EventPoll, type EventPollDoc } from '../../src/models/billing/event-poll.ts';
import { Payment } from '../../src/models/billing/payment.ts';
import { WebhookEvent } from '../../src/models/webhooks/webhook-event.ts';
import { pollPayments } from '../../src/services/payments/poll.ts';
import { pollEvents } from '../../src/services/payments/poll-events.ts';
import { add, emit, type StripeEvent } from '../fakes/stripe/state.ts';
import { given } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { times } from '../harness/times.ts';

place({ worker: false });

afterAll(() => stripe.stop());

const ctx = systemCtx('test');
const FOREVER = () => Number.POSITIVE_INFINITY;
const seconds = () => Math.floor(Date.now() / 1000);

beforeEach(async () => {
  stripe.state.events.length = 0;
  await Promise.all([EventPoll.collection.deleteMany({}), WebhookEvent.collection.deleteMany({})]);
});

/** So many events that no webhook brought, each at its time in s, the oldest first. */
function emitMany(count: number, at: (n: number) => number): StripeEvent[] {
  return times(count, (n) => {
    const intent = add(stripe.state, 'pi', 'payment_intent', { metadata: {} });
    const event = emit(stripe.state, 'payment_intent.succeeded', intent);
    event.created = at(n);
    return event;
  });
}

/** Time for so many pages, and no more. */
function timeFor(pages: number): () => number {
  let left = pages;
  return () => (left-- > 0 ? 60_000 : 0);
}

const findPoll = async () => (await EventPoll.collection.findOne<EventPollDoc>({})) as EventPollDoc;
const countStored = () => WebhookEvent.collection.countDocuments();

test.each([
  ['of one second', () => seconds() - 600],
  ['of many days', (n: number) => seconds() - 600 - (250 - n) * 3600],
])('a backlog %s that is too large for a run is gone on with by the next ones', async (_, at) => {
  emitMany(250, at);
  const began = Date.now();
  expect(await pollEvents(ctx, timeFor(2))).toBe(200);
  expect(await pollEvents(ctx, timeFor(2))).toBe(50);
  expect(await countStored()).toBe(250);
  const poll = await findPoll();
  expect(poll.round).toBeUndefined();
  expect(poll.polledTo.getTime()).toBeGreaterThanOrEqual(began - 1000);
  expect(await pollEvents(ctx, timeFor(2))).toBe(0);
});

test('what happens while a backlog is read is found once that is done', async () => {
  emitMany(250, () => seconds() - 600);
  expect(await pollEvents(ctx, timeFor(1))).toBe(100);
  emitMany(3, seconds);
  expect(await pollEvents(ctx, FOREVER)).toBe(150);
  expect(await pollEvents(ctx, FOREVER)).toBe(3);
  expect(await pollEvents(ctx, FOREVER)).toBe(0);
  expect(await countStored()).toBe(253);
});

test('a backlog is gone on with, though Stripe no longer knows the event that was read last', async () => {
  const events = emitMany(250, (n) => seconds() - 600 - (250 - n));
  expect(await pollEvents(ctx, timeFor(1))).toBe(100);
  const { round } = await findPoll();
  const at = stripe.state.events.findIndex(({ id }) => id === round?.after);
  expect(at).toBe(150);
  stripe.state.events.splice(at, 1);
  expect(await pollEvents(ctx, FOREVER)).toBe(150);
  expect(await countStored()).toBe(events.length);
});

test('an event of the list that is refused keeps no other from being taken in', async () => {
  const [odd] = emitMany(3, seconds) as [StripeEvent];
  odd.account = 'acct_other';
  expect(await pollEvents(ctx, FOREVER)).toBe(2);
  expect(await pollEvents(ctx, FOREVER)).toBe(0);
});

/** A payment, an hour ago, whose opening nobody knows the outcome of. */
async function makeLost(): Promise<UUID> {
  const alice = await given.user();
  stripe.faults = [{ at: /POST .*checkout.sessions/, does: 'BREAKS_BEFORE', times: 2 }];
  expect((await alice.post('/v1/payments', { package: 'SMALL' })).status).toBe(503);
  const user = new UUID(alice.id);
  const createdAt = new Date(Date.now() - 3600_000);
  await Payment.collection.updateOne({ user }, { $set: { createdAt } });
  return user;
}

const waits = async (user: UUID) =>
  (await Payment.collection.countDocuments({ user, providerId: { $exists: false } })) === 1;

test('a backlog of events leaves the lookups their share of the time', async () => {
  const lost = await makeLost();
  expect(await waits(lost)).toBe(true);
  emitMany(450, () => seconds() - 600);
  let now = 240_000;
  stripe.beforeAnswer = async ({ path }) => {
    if (path === '/v1/events') now -= 30_000;
  };
  const { missed, lookedUp } = await pollPayments(ctx, () => now);
  stripe.beforeAnswer = undefined;
  expect(missed).toBeGreaterThan(0);
  expect(missed).toBeLessThan(450);
  expect(lookedUp).toBeGreaterThan(0);
  expect(await waits(lost)).toBe(false);
});

test('where the list of events cannot be read, the lookups are done, and the failure is told', async () => {
  const lost = await makeLost();
  stripe.faults = [{ at: /GET .*events/, does: 'BREAKS_BEFORE', times: 2 }];
  await expect(pollPayments(ctx, FOREVER)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(await waits(lost)).toBe(false);
});
