import { lintTemplate } from './package/cfn-lint.ts';
import { findEmptyPatterns } from './package/deployment.ts';
import { makeFfmpegLayer } from './package/ffmpeg-layer.ts';
import { provideNative } from './package/native.ts';
import { runOsls } from './package/osls.ts';
import { formatTable, weighAll } from './package/weigh.ts';

// `npm run package [-- --stage prod --param corsOrigins=…]`: builds in .serverless everything that
// is deployed, and checks it. It needs no account and, on Linux x64, no network.
process.chdir(new URL('..', import.meta.url).pathname);
try {
  await provideNative();
  const [empty] = findEmptyPatterns();
  if (empty) throw new Error(`No file matches ${empty}, which serverless.yml adds to a package.`);
  const layer = await makeFfmpegLayer();
  await runOsls(process.argv.slice(2));

  const weights = weighAll();
  console.log(`\nJavaScript, minified, in KB; * serves a resource, at most 1700 at its start`);
  console.log(formatTable(weights).join('\n'));
  console.log(`\n${layer}`);
  const faults = weights.flatMap(({ name, faults }) => faults.map((fault) => `${name} ${fault}`));
  if (faults.length) throw new Error(faults.join('\n'));

  console.log(await lintTemplate('.serverless/cloudformation-template-update-stack.json'));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
