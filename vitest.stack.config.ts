import { defineSuite } from './vitest.suite.ts';

/** What starts processes of the product: the backend, its scripts, hosts of functions. */
export const stack = [
  'test/local/{canaries,cloud,prepare,stack,worker}.test.ts',
  'test/scripts/{audit,bench,demo,demo-generate,deploy,operator,package,roles,secrets,webhooks,workflows}.test.ts',
  'test/examples/**/*.test.ts',
  'test/clocks/**/*.test.ts',
  'test/keys/{hosts,renewal}.test.ts',
  'test/news/kills.test.ts',
  'test/data/migrations/kill.test.ts',
];

// Apart from the others, because each test starts, and some kill, processes that load the whole product.
export default defineSuite(stack);
