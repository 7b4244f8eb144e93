// The entry that Lambda imports of a packaged function: it runs the function's code, `….main.cjs`
// beside it, with V8's code cache, which Node supports for scripts only. See
// docs/adr/0018-a-code-cache-made-when-packaged.md.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readSecrets } from '../../src/providers/secrets.ts';
import { compile, nameCache, run } from './script.ts';

const secrets = readSecrets(process.env);
const file = fileURLToPath(import.meta.url).replace(/mjs$/, 'main.cjs');
const cache = nameCache(file);
const script = compile(file, existsSync(cache) ? readFileSync(cache) : undefined);
// Whether starts are fast is not told at each of them, but by `migrate`, once for each deployment.
process.env.CODE_CACHE = script.cachedDataRejected === false ? 'USED' : 'NONE';

export const { handler } = run(script, file, {
  secrets: await secrets,
  readSecrets,
});
