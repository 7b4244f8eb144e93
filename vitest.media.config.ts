import { defineConfig } from 'vitest/config';

// Files of every format, and those that nobody means well by, through the decoders alone. Apart from the
// others, because it is mostly ffmpeg that works here: together they would take twice their four minutes.
export default defineConfig({
  test: {
    include: ['test/src/services/media/**/*.test.ts', 'test/functions/ordinary-media.test.ts'],
    globalSetup: ['test/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
