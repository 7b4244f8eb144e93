import { defineConfig } from 'vitest/config';

// The full counts: kills, timings, thousands of rounds. One file at a time, so that figures mean something.
export default defineConfig({
  test: {
    include: ['test/campaign/**/*.test.ts'],
    globalSetup: ['test/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 1_800_000,
    hookTimeout: 120_000,
  },
});
