import { enableCompileCache, flushCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

// Every test file is a process, and most import the same packages: they are compiled once.
enableCompileCache(fileURLToPath(new URL('../../node_modules/.cache/test', import.meta.url)));
// The process of a test file is killed at its end, before it would write by itself.
afterAll(() => flushCompileCache());
