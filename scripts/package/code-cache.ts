import { run } from '../../src/local/tools/run.ts';
import { readFunctions } from './deployment.ts';

const lanes: Promise<unknown>[] = [Promise.resolve(), Promise.resolve()];
let next = 0;

/**
 * Makes the code cache of a function. Only two at a time, because osls bundles all functions at
 * once.
 */
export async function makeCodeCache(name: string, code: string): Promise<void> {
  const lane = next++ % lanes.length;
  const path = readFunctions().find(({ file }) => file === name)?.path;
  const args = ['scripts/package/warm-up.ts', code, ...(path ? [path] : [])];
  // A cache is valid for one build of V8, so Lambda's own Node makes the best one.
  const node = process.env.CODE_CACHE_NODE ?? process.execPath;
  const made = Promise.resolve(lanes[lane]).then(() => run(node, args));
  lanes[lane] = made.catch(() => undefined); // the build that awaits it fails
  await made;
}
