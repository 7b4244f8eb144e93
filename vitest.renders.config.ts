import { defineSuite } from './vitest.suite.ts';

/** What renders exports in earnest. */
export const renders = ['test/exports/rendering/**/*.test.ts'];

// Apart from the others, because it is mostly ffmpeg that works here.
export default defineSuite(renders);
