import { defineConfig, type TestUserConfig } from 'vitest/config';

/** A suite on real parts: a mongod, an S3 and a queue, started once for all of its files. */
export function defineSuite(include: string[], own: Partial<TestUserConfig> = {}) {
  return defineConfig({
    test: {
      include,
      globalSetup: ['test/global-setup.ts'],
      setupFiles: ['test/harness/compile-cache.ts', 'test/harness/known-password.ts'],
      pool: 'forks',
      // Node runs TypeScript by itself, as it runs the product: modules are not transformed, and those of
      // all test files come from one compile cache.
      experimental: { viteModuleRunner: false },
      maxWorkers: 2,
      testTimeout: 300_000,
      hookTimeout: 300_000,
      ...own,
    },
  });
}
