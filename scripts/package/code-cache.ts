import { run } from '../../src/local/tools/run.ts';
import { readFunctions } from './deployment.ts';

const LANES = 2;
const lanes = Array.from({ length: LANES }, () => Promise.resolve());
let next = 0;

/** Makes the code cache of a function's code, few at a time: osls bundles all functions at once. */
export async function makeCodeCache(name: string, code: string): Promise<void> {
  const lane = next++ % LANES;
  const path = readFunctions().find(({ file }) => file === name)?.path;
  const args = ['scripts/package/warm-up.ts', code, ...(path ? [path] : [])];
  // Best made by the very Node of Lambda: a cache is for one version of V8 alone.
  const made = lanes[lane]?.then(() => run(process.env.CODE_CACHE_NODE ?? process.execPath, args));
  lanes[lane] = Promise.resolve(made).then(
    () => undefined,
    () => undefined, // the build that waits for it fails
  );
  await made;
}
