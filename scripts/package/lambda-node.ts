import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { getCacheDir } from '../../src/local/tools/cache.ts';
import { fetchPackage } from './native.ts';
import { nameCpu, type Parameters } from './parameters.ts';
import { NO_CACHE } from './script.ts';

/**
 * Finds the program that makes the code caches, which only its own version of Node accepts: the one that
 * Lambda runs, as far as that is known and runs here.
 */
export async function findCacheNode({ architecture, lambdaNode }: Parameters): Promise<string> {
  if (nameCpu(architecture) !== process.arch) return NO_CACHE;
  if (process.env.CODE_CACHE_NODE) return process.env.CODE_CACHE_NODE;
  if (!lambdaNode || `v${lambdaNode}` === process.version) return process.execPath;
  const name = `node-${process.platform}-${process.arch}`;
  const home = join(getCacheDir(), 'node', lambdaNode);
  if (!existsSync(home)) await fetchPackage(`${name}@${lambdaNode}`, home);
  return join(home, 'bin', 'node');
}
