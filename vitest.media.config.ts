import { lengths } from './vitest.lengths.config.ts';
import { defineSuite } from './vitest.suite.ts';

/** What is decoded and encoded in earnest. */
export const media = ['test/media/decoding/**/*.test.ts'];

// Apart from the others, because it is mostly ffmpeg that works here: together they would take twice
// their four minutes.
export default defineSuite(media, { exclude: lengths });
