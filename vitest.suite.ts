import { fileURLToPath } from 'node:url';
import { defineConfig, type TestUserConfig } from 'vitest/config';

// Every test file is a process, and so is much that tests start; most import the same packages, which are compiled
// once for all of them.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(
  new URL('node_modules/.cache/test', import.meta.url),
);

/** A suite on real parts: a mongod, an S3 and a queue, started once for all of its files. */
export function defineSuite(include: string[], own: Partial<TestUserConfig> = {}) {
  return defineConfig({
    test: {
      include,
      globalSetup: ['test/global-setup.ts'],
      setupFiles: ['test/harness/compile-cache.ts', 'test/harness/known-password.ts'],
      pool: 'forks',
      // Node runs TypeScript by itself, as it runs the product: modules are not transformed.
      experimental: { viteModuleRunner: false },
      maxWorkers: 2,
      testTimeout: 300_000,
      hookTimeout: 300_000,
      ...own,
    },
  });
}
