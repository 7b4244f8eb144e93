import { lintTemplate } from './package/cfn-lint.ts';
import { makeFfmpegLayer } from './package/ffmpeg-layer.ts';
import { makeFontsLayer } from './package/fonts-layer.ts';
import { findCacheNode } from './package/lambda-node.ts';
import { MEMORY_LIMIT, watchMemory } from './package/memory.ts';
import { provideNative } from './package/native.ts';
import { removeBuilt, runOsls } from './package/osls.ts';
import { readParameters } from './package/parameters.ts';
import { keepBundles } from './package/same-bundles.ts';
import { NO_CACHE } from './package/script.ts';
import { weighUnzipped } from './package/unzipped.ts';
import { formatTable, weighAll } from './package/weigh.ts';

// `npm run package [-- --stage prod --param corsOrigins=…]`: builds in .serverless everything that
// is deployed, and checks it. It needs no account and, on Linux x64 and for it, no network.
// With `--same-bundles` it packs what the last run has bundled, for another architecture.
process.chdir(new URL('..', import.meta.url).pathname);
const memory = watchMemory();
try {
  const given = process.argv.slice(2);
  const args = given.filter((arg) => arg !== '--same-bundles');
  const parameters = readParameters(args);
  const cacheNode = await findCacheNode(parameters);
  const hasBundles = args.length < given.length;
  if (!hasBundles) removeBuilt();
  else if (cacheNode === NO_CACHE) keepBundles();
  else throw new Error('--same-bundles is for another architecture: this one needs code caches.');
  await provideNative(parameters.architecture);
  const layer = await makeFfmpegLayer(parameters.architecture);
  const fonts = makeFontsLayer();
  await runOsls(args, { cacheNode, hasBundles });

  const weights = weighAll(parameters.architecture);
  console.log(`\nJavaScript, minified, in KB; * serves a resource, at most 1700 at its start`);
  console.log(formatTable(weights).join('\n'));
  console.log(`\n${layer}\n${fonts}\n${weighUnzipped()}`);
  const faults = weights.flatMap(({ name, faults }) => faults.map((fault) => `${name} ${fault}`));
  if (faults.length) throw new Error(faults.join('\n'));

  console.log(await lintTemplate('.serverless/cloudformation-template-update-stack.json'));
  console.log(await lintTemplate('deploy/edge.yml'));
  const [peak, limit] = [memory.readPeak(), MEMORY_LIMIT].map((bytes) => Math.round(bytes / 1e6));
  console.log(`Took ${Math.round(process.uptime())} s, and ${peak} MB of memory at its peak.`);
  if (Number(peak) > Number(limit)) throw new Error(`That is more than ${limit} MB of memory.`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
