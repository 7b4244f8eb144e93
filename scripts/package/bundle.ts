// `bundle.ts NAME FOLDER`: bundles the function NAME into FOLDER as `npm run package` does, by the
// code and the packages of the checkout that is the working directory. The bundle finds its
// packages in FOLDER/node_modules.
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readConfiguration } from '../../src/local/deployment/configuration.ts';

const [name, folder = '.'] = process.argv.slice(2);
const { build } = createRequire(resolve('package.json'))('esbuild') as typeof import('esbuild');
const { default: plugins } = await import(
  pathToFileURL(resolve('scripts/package/esbuild.ts')).href
);
const { custom } = readConfiguration('.') as { custom: { esbuild: Record<string, unknown> } };
const {
  exclude,
  outputFileExtension,
  keepOutputDirectory,
  skipRebuild,
  concurrency,
  zipConcurrency,
  ...options
} = custom.esbuild;

await build({
  ...options,
  bundle: true,
  platform: 'node',
  external: exclude as string[],
  outExtension: { '.js': outputFileExtension as string },
  plugins,
  entryPoints: [`functions/${name}.ts`],
  outdir: join(folder, '.esbuild/.build/functions'),
});
