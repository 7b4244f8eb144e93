import { defineSuite } from './vitest.suite.ts';

/** What is asked of Stripe, beside Stripe's own description of its API. */
export const stripe = ['test/stripe/**/*.test.ts'];

// Apart from the others, because it builds stripe-mock, and plays all scenarios of payments once more.
export default defineSuite(stripe);
