import { defineSuite } from './vitest.suite.ts';

/** The attacks of published advisories. */
export const attacks = ['test/advisories/**/*.test.ts'];

// Apart from the others, because each attack is tried on every operation and field of the API: its time
// grows with their product.
export default defineSuite(attacks);
