import { defineConfig } from 'vitest/config';

// Tests run against a real mongod, S3 and queue, started once; each file has a database, a bucket and
// queues of its own in them.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // What is decoded and encoded in earnest takes minutes of its own: vitest.media.config.ts.
    exclude: [
      'test/campaign/**',
      'test/src/services/media/**',
      'test/functions/ordinary-media.test.ts',
    ],
    globalSetup: ['test/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
