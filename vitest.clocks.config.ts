import { shiftClock } from './test/harness/faketime.ts';
import { defineSuite } from './vitest.suite.ts';

// Ordinary tests, on a host whose clock is apart: the functions and the tests run ten minutes ahead of the
// database, S3 and the queue; CLOCK_OFFSET=-10m runs them behind. What deletes for good by age refuses there,
// as test/clocks/deleting.test.ts tells, so test/maintenance is not among them.
export default defineSuite(['test/{account,api,audit,jobs,uploads}/**/*.test.ts'], {
  // Their measure is the host's own clock.
  exclude: ['test/account/timing.test.ts'],
  globalSetup: ['test/harness/faketime.ts', 'test/global-setup.ts'],
  env: shiftClock(process.env.CLOCK_OFFSET ?? '+10m'),
});
