import { defineConfig } from 'vitest/config';

/**
 * Node runs TypeScript by itself, as it runs the product: modules are not transformed, and those of all test
 * files come from one compile cache.
 */
export const native = { viteModuleRunner: false };

/** A suite apart from `npm test`, on the same real parts: what would take too long beside the others. */
export function defineSuite(include: string[]) {
  return defineConfig({
    test: {
      include,
      globalSetup: ['test/global-setup.ts'],
      setupFiles: ['test/harness/compile-cache.ts'],
      pool: 'forks',
      experimental: native,
      maxWorkers: 2,
      testTimeout: 300_000,
      hookTimeout: 300_000,
    },
  });
}
