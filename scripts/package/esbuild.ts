import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { type Plugin, type PluginBuild, transform } from 'esbuild';
import { makeCodeCache } from './code-cache.ts';
import { SECRETS } from './script.ts';

/** The folder of each bundle's metafile: outside of `.esbuild/.build`, which is zipped. */
export const META = '.esbuild/meta';

/**
 * Turns the code of each function into a script with a code cache, which `start.ts` runs. The
 * chunks that esbuild splits off stay ES modules, in a folder named after the function
 * (`functions/tracks.chunks/`): serverless-esbuild leaves files out of a zip whose names begin with
 * another function's name, so that each zip contains only its own chunks.
 */
const startedFromCache: Plugin = {
  name: 'started-from-cache',
  setup(build) {
    const options = build.initialOptions;
    // The bundles are there already: same-bundles.ts.
    if (process.env.SAME_BUNDLES) {
      options.entryPoints = [];
      return;
    }
    const [entry] = options.entryPoints as string[];
    const name = basename(String(entry), '.ts');
    options.entryPoints = { [name]: 'scripts/package/start.ts', [`${name}.main`]: String(entry) };
    options.chunkNames = `${name}.chunks/[name]-[hash]`;
    // The worker uses all of its code, so it is one file, and all of it is in the code cache.
    if (name === WORKER) options.splitting = false;
    else leaveOutRuns(build);
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
      writeFileSync(main, await convertToScript(code));
      rmSync(made);
      const meta = JSON.stringify(metafile).replaceAll(`${name}.main.mjs`, `${name}.main.cjs`);
      writeFileSync(`${folder}/${name}.json`, meta);
      await makeCodeCache(name, main);
    });
  },
};

/** The function that runs jobs; all others only enqueue them. */
const WORKER = 'run-jobs';

/**
 * Leaves out what runs a job. A job type loads it by import(): without this, esbuild would move all code
 * that it shares with the function into chunks, which have no code cache and slow the start.
 */
function leaveOutRuns(build: PluginBuild): void {
  const namespace = 'run-of-a-job';
  // The filter spares esbuild asking about each file of each package: a fifth of the time that a bundle takes.
  build.onResolve({ filter: /^\..*\.ts$/ }, ({ kind, importer, path }) =>
    kind === 'dynamic-import' && /[\\/]src[\\/]services[\\/]/.test(importer)
      ? { path, namespace }
      : undefined,
  );
  build.onLoad({ filter: /.*/, namespace }, () => ({ contents: 'export {};' }));
}

/**
 * Converts an ES module into a function expression in strict mode, with the parameters of a
 * CommonJS module.
 */
async function convertToScript(code: string): Promise<string> {
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
  // The script is read as ASCII. esbuild escapes all other characters but those in regular
  // expressions.
  return script.replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Replaces semver for jsonwebtoken alone; an alias would affect other users of semver, too. */
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
