import { existsSync, globSync, readFileSync, rmSync, statSync } from 'node:fs';
import type { Metafile } from 'esbuild';
import { readFunctions } from './deployment.ts';
import { META } from './esbuild.ts';

/**
 * Prepares packaging for another architecture with the bundles of the last run, which are the same for each. What
 * that run has made for its own architecture is removed: native modules and code caches.
 * @throws Error when a function has no bundle, or a file has changed since it was bundled
 */
export function keepBundles(): void {
  for (const { file } of readFunctions()) checkBundle(`${META}/${file}.json`);
  const own = globSync('.esbuild/.build/{__only_*,**/*.cache}');
  for (const path of ['.serverless', ...own]) rmSync(path, { recursive: true, force: true });
}

/** Checks that a bundle is there, by its metafile, and of the files as they are. @throws Error where it is not */
export function checkBundle(meta: string): void {
  if (!existsSync(meta)) throw new Error('There are no bundles yet. Leave --same-bundles out.');
  const { inputs } = JSON.parse(readFileSync(meta, 'utf8')) as Metafile;
  const { mtimeMs } = statSync(meta);
  for (const input of Object.keys(inputs)) {
    const found = statSync(input, { throwIfNoEntry: false });
    const isVirtual = /^[\w-]+:/.test(input); // a plugin's own
    if (isVirtual || (found && found.mtimeMs <= mtimeMs)) continue;
    throw new Error(`${input} has changed since it was bundled. Leave --same-bundles out.`);
  }
}
