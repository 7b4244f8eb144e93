import { defineConfig } from 'vitest/config';
import { attacks } from './vitest.attacks.config.ts';
import { media } from './vitest.media.config.ts';
import { recipes } from './vitest.recipes.config.ts';
import { native } from './vitest.suite.ts';

// Tests run against a real mongod, S3 and queue, started once; each file has a database, a bucket and
// queues of its own in them.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/campaign/**', ...attacks, ...media, ...recipes],
    globalSetup: ['test/global-setup.ts'],
    setupFiles: ['test/harness/compile-cache.ts'],
    pool: 'forks',
    experimental: native,
    maxWorkers: 3,
    // Against what hangs. How long something may take is said where it matters.
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
