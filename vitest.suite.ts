import { defineConfig } from 'vitest/config';

/** A suite apart from `npm test`, on the same real parts: what would take too long beside the others. */
export function defineSuite(include: string[]) {
  return defineConfig({
    test: {
      include,
      globalSetup: ['test/global-setup.ts'],
      setupFiles: ['test/harness/compile-cache.ts'],
      pool: 'forks',
      maxWorkers: 2,
      testTimeout: 300_000,
      hookTimeout: 300_000,
    },
  });
}
