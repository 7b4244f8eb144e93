import { defineConfig } from 'vitest/config';

/** What is decoded and encoded in earnest. */
export const media = ['test/media/decoding/**/*.test.ts'];

// Apart from the others, because it is mostly ffmpeg that works here: together they would take twice
// their four minutes.
export default defineConfig({
  test: {
    include: media,
    globalSetup: ['test/global-setup.ts'],
    setupFiles: ['test/harness/compile-cache.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
