import { defineSuite } from './vitest.suite.ts';

/** What runs two releases on one database. */
export const releases = ['test/releases/**/*.test.ts'];

// Apart from the others, because each test is a run of tests itself, in a checkout of its own.
export default defineSuite(releases);
