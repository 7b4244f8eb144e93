import { defineSuite } from './vitest.suite.ts';

/** What is packaged, on AWS's emulator of Lambda. */
export const lambda = ['test/lambda/**/*.test.ts'];

// Apart from the others, because it needs the package, which takes minutes to build.
export default defineSuite(lambda);
