import { run } from '../../src/local/tools/run.ts';
import { readFunctions } from './deployment.ts';
import { NO_CACHE } from './script.ts';

/** Tries the code of a function, and makes its code cache. */
export async function makeCodeCache(name: string, code: string): Promise<void> {
  const path = readFunctions().find(({ file }) => file === name)?.path;
  const args = ['scripts/package/warm-up.ts', code, ...(path ? [path] : [])];
  const { CODE_CACHE_NODE = process.execPath } = process.env;
  await run(CODE_CACHE_NODE === NO_CACHE ? process.execPath : CODE_CACHE_NODE, args);
}
