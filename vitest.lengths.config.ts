import { defineSuite } from './vitest.suite.ts';

/** Videos whose pictures and sound do not begin, or do not end, together. */
export const lengths = ['test/media/decoding/video/lengths.test.ts'];

// Apart from the others, because each is encoded at once, in pieces and as a stream.
export default defineSuite(lengths);
