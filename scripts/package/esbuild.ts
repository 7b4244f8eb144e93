import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { type Plugin, transform } from 'esbuild';
import { makeCodeCache } from './code-cache.ts';
import { SECRETS } from './script.ts';

/** Where the metafile of each bundle is left: outside of what is zipped, `.esbuild/.build`. */
export const META = '.esbuild/meta';

/**
 * Makes of each function what `start.ts` starts: its own code as a script, beside the entry, with a code cache. The rest of
 * what esbuild splits off stays ES modules, in a folder named after the function (`functions/tracks.chunks/`):
 * serverless-esbuild leaves out of a zip what starts with another function's name, so that each zip carries its own alone.
 */
const startedFromCache: Plugin = {
  name: 'started-from-cache',
  setup(build) {
    const options = build.initialOptions;
    const [entry] = options.entryPoints as string[];
    const name = basename(String(entry), '.ts');
    options.entryPoints = { [name]: 'scripts/package/start.ts', [`${name}.main`]: String(entry) };
    options.chunkNames = `${name}.chunks/[name]-[hash]`;
    options.metafile = true;
    build.onResolve({ filter: /\/secrets\.ts$/ }, ({ importer }) =>
      /[\\/]src[\\/]config\.ts$/.test(importer) ? { path: SECRETS, external: true } : undefined,
    );
    build.onEnd(async ({ metafile, errors }) => {
      if (errors.length > 0 || !metafile) return;
      const folder = join(String(options.outdir), '../..', basename(META));
      mkdirSync(folder, { recursive: true });
      const own = `${options.outdir}/${name}.main`;
      const [made, main] = [`${own}.mjs`, `${own}.cjs`];
      const code = readFileSync(made, 'utf8').replace(options.banner?.js ?? '', '');
      writeFileSync(main, await asScript(code));
      rmSync(made);
      const meta = JSON.stringify(metafile).replaceAll(`${name}.main.mjs`, `${name}.main.cjs`);
      writeFileSync(`${folder}/${name}.json`, meta);
      await makeCodeCache(name, main);
    });
  },
};

/** An ES module as a function expression, strict as it was, which takes what Node gives a CommonJS module. */
async function asScript(code: string): Promise<string> {
  const { code: script } = await transform(code, {
    format: 'cjs',
    platform: 'node',
    target: 'node24',
    minify: true,
    legalComments: 'none',
    // In a script `import()` is refused; `require` reads ES modules as well.
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': '__url' },
    banner: `(function(exports,require,module,__filename,__dirname){"use strict";
      const __url=require("node:url").pathToFileURL(__filename).href;`,
    footer: '})',
  });
  // A script is read as ASCII. esbuild escapes all else, but for what stands in a regular expression.
  return script.replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

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

export default [startedFromCache, semverOfJsonwebtoken];
