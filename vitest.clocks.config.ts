import { defineSuite } from './vitest.suite.ts';

export default defineSuite(['test/{account,api,audit,jobs,uploads,maintenance}/**/*.test.ts'], {
  env: {
    LD_PRELOAD: '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1',
    FAKETIME: '+10m',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
  },
});
