import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { Plugin } from 'esbuild';

/** Where the metafile of each bundle is left: outside of what is zipped. */
export const META = '.esbuild/meta';

/**
 * Gives each function's chunks a folder named after it (`functions/tracks.chunks/`): serverless-esbuild leaves out of a
 * zip what starts with another function's name, so that each zip carries its own alone.
 */
const chunksByFunction: Plugin = {
  name: 'chunks-by-function',
  setup(build) {
    const [entry] = build.initialOptions.entryPoints as string[];
    const name = basename(String(entry), '.ts');
    build.initialOptions.chunkNames = `${name}.chunks/[name]-[hash]`;
    build.initialOptions.metafile = true;
    build.onEnd(({ metafile }) => {
      mkdirSync(META, { recursive: true });
      writeFileSync(`${META}/${name}.json`, JSON.stringify(metafile));
    });
  },
};

/** As an alias it would reach others too, who may ask semver something else. */
const semverOfJsonwebtoken: Plugin = {
  name: 'semver-of-jsonwebtoken',
  setup(build) {
    const path = resolve('scripts/package/semver.mjs');
    build.onResolve({ filter: /^semver$/ }, ({ importer }) =>
      /[\\/]jsonwebtoken[\\/]/.test(importer) ? { path } : undefined,
    );
  },
};

export default [chunksByFunction, semverOfJsonwebtoken];
