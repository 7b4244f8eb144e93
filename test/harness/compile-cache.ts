import { flushCompileCache } from 'node:module';
import { afterAll } from 'vitest';

// The process of a test file is killed at its end, before it would write its part of the compile cache by itself.
afterAll(() => flushCompileCache());
