import { type FakeStripe, startFakeStripe } from '../fakes/stripe/fake.ts';

/**
 * Starts a stand-in for Stripe of this test file's own. By `vi.hoisted`, so that it runs before the imports:
 * functions read where Stripe is when they are imported.
 */
export async function startStripe(): Promise<FakeStripe> {
  const fake = await startFakeStripe();
  process.env.TEST_STRIPE_API_BASE = fake.url;
  return fake;
}
