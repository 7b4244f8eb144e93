import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

/** What a function's code calls `src/secrets.ts`, which is handed in: it awaits, and a script cannot. */
export const SECRETS = './secrets';

/**
 * Compiles a function's code, with V8's code cache where there is one: what was compiled when the cache was made is not
 * compiled again. A cache of another V8 is rejected, and costs only the time that it would have saved.
 */
export function compile(file: string, cachedData?: Buffer): Script {
  // Lambda starts Node with this flag. V8 rejects a cache made under other flags, though this one changes no code.
  setFlagsFromString('--no-expose-gc');
  // It is ASCII alone, which is quicker to read than UTF-8 would be.
  return new Script(readFileSync(file, 'latin1'), { filename: file, cachedData });
}

/** Runs it. @returns what it exports */
export function run(
  script: Script,
  file: string,
  secrets: Record<string, string>,
): Record<string, unknown> {
  const module = { exports: {} };
  const requireFile = createRequire(file);
  const require = (name: string) => (name === SECRETS ? { secrets } : requireFile(name));
  script.runInThisContext()(module.exports, require, module, file, dirname(file));
  return module.exports;
}
