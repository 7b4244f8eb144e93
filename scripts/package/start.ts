// The entry that Lambda imports of a packaged function: it runs the function's code, `….main.cjs`
// beside it, with V8's code cache, which Node supports for scripts only. See
// docs/adr/0018-a-code-cache-made-when-packaged.md.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readSecrets } from '../../src/providers/secrets.ts';
import { compile, run } from './script.ts';

const secrets = readSecrets(process.env);
const file = fileURLToPath(import.meta.url).replace(/mjs$/, 'main.cjs');
const script = compile(file, readFileSync(`${file}.cache`));
if (script.cachedDataRejected) {
  const message = `The code cache was not made by this Node, ${process.version}: starts are slower.`;
  console.warn(JSON.stringify({ level: 'WARN', message }));
}

export const { handler } = run(script, file, {
  secrets: await secrets,
  readSecrets,
});
