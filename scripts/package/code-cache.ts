import { run } from '../../src/local/tools/run.ts';
import { readFunctions } from './deployment.ts';

const lanes: Promise<unknown>[] = [Promise.resolve(), Promise.resolve()];
let next = 0;

/** Makes the code cache of a function's code, few at a time: osls bundles all functions at once. */
export async function makeCodeCache(name: string, code: string): Promise<void> {
  const lane = next++ % lanes.length;
  const path = readFunctions().find(({ file }) => file === name)?.path;
  const args = ['scripts/package/warm-up.ts', code, ...(path ? [path] : [])];
  // A cache is for one build of V8: best made by the very Node of Lambda.
  const node = process.env.CODE_CACHE_NODE ?? process.execPath;
  const made = Promise.resolve(lanes[lane]).then(() => run(node, args));
  lanes[lane] = made.catch(() => undefined); // the build that waits for it fails
  await made;
}
