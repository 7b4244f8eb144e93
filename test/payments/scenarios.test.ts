import { vi } from 'vitest';

const stripe = await vi.hoisted(async () => (await import('../harness/stripe.ts')).startStripe());

import '../harness/place.ts';
import { afterAll, describe, expect, test } from 'vitest';
import { verifyLedger } from '../../src/services/billing/verify.ts';
import { place } from '../harness/place.ts';
import { SCENARIOS } from './support/scenarios.ts';
import { playShuffled } from './support/shuffle.ts';
import { IN_ORDER, World } from './support/world.ts';

place({ worker: false }); // jobs run when the test says so

afterAll(() => stripe.stop());

describe('whatever happens at Stripe is told in order, and', () => {
  test.each(SCENARIOS)('$name', async ({ play, ends }) => {
    const world = await World.make(stripe, IN_ORDER);
    await play(world);
    expect(await world.finish()).toEqual(ends);
    expect(await verifyLedger()).not.toHaveProperty('fault');
  });
});

const seed = Number(process.env.TEST_SEED ?? Date.now() % 1_000_000);

describe('the end is the same where events come late, out of order, and up to three times:', () => {
  test.each(SCENARIOS)('$name', async ({ name }) => {
    await playShuffled(stripe, name, seed);
    expect(await verifyLedger()).not.toHaveProperty('fault');
  });
});
