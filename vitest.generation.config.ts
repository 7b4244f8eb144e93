import { defineSuite } from './vitest.suite.ts';

/** Generation through schedules of faults, on a simulated clock. */
export const generation = ['test/generation/simulation/**/*.test.ts'];

// Apart from the others, because it plays 2,000 schedules, SCHEDULES says how many, from FIRST_SEED on; each half
// has a process of its own, whose clocks it replaces. What a step leaves behind is much and short-lived: with larger
// young generations a tenth less time goes into collecting it.
export default defineSuite(generation, {
  ...{ testTimeout: 1_800_000, execArgv: ['--max-semi-space-size=64'] },
});
