import { defineSuite } from './vitest.suite.ts';

// The full counts: kills, timings, thousands of rounds. One file at a time, so that figures mean something.
export default defineSuite(['test/campaign/**/*.test.ts'], {
  maxWorkers: 1,
  fileParallelism: false,
  testTimeout: 1_800_000,
  hookTimeout: 120_000,
});
