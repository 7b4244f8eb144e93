import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

/**
 * The name under which a script requires `src/secrets.ts`. It is passed in, because it uses
 * top-level await and a script cannot.
 */
export const SECRETS = './secrets';

/** What `CODE_CACHE_NODE` is, where no program can make a code cache for the functions. */
export const NO_CACHE = 'none';

/** The code cache of a script for this version of Node: no other accepts it. */
export const nameCache = (file: string) => `${file}.${process.version}.cache`;
/** What `src/secrets.ts` exports. */
type SecretsModule = typeof import('../../src/secrets.ts');

/**
 * Compiles the code of a function with V8's code cache, if there is one: what the cache holds is
 * not compiled again. A cache of another build of V8 is rejected; then only the saved time is lost.
 */
export function compile(file: string, cachedData?: Buffer): Script {
  // Lambda starts Node with --expose-gc. V8 rejects a cache that was made with other flags,
  // although
  // this flag changes no code.
  setFlagsFromString('--no-expose-gc');
  // The file is ASCII; decoding it as latin1 is faster than as UTF-8.
  return new Script(readFileSync(file, 'latin1'), { filename: file, cachedData });
}

/** Runs a compiled script. @returns its exports */
export function run(script: Script, file: string, secrets: SecretsModule): Record<string, unknown> {
  const module = { exports: {} };
  const requireFile = createRequire(file);
  const require = (name: string) => (name === SECRETS ? secrets : requireFile(name));
  script.runInThisContext()(module.exports, require, module, file, dirname(file));
  return module.exports;
}
