// Writes what is generated of the code: openapi.json. `--check` writes nothing and fails when it is stale.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

// Nothing is reached while the documents are written; the settings only have to be there.
process.env.MONGODB_URI ??= 'mongodb://localhost/none';
process.env.MEDIA_BUCKET ??= 'none';
process.env.APP_SECRET ??= Buffer.alloc(32).toString('base64');
process.env.TOKEN_KEYS ??= JSON.stringify([(await import('./docs/key.ts')).throwawayKey()]);

const { served } = await import('../src/api/registry.ts');
const { printed } = await import('./docs/json.ts');
const { openApi } = await import('../src/api/openapi.ts');
const { version } = JSON.parse(await readFile(`${root}package.json`, 'utf8')) as {
  version: string;
};

const routes = Object.values(served).flatMap((f) => f.routes);
const documents = { 'openapi.json': `${printed(openApi(routes, version))}\n` };

const stale: string[] = [];
for (const [name, text] of Object.entries(documents)) {
  const before = await readFile(root + name, 'utf8').catch(() => '');
  if (before === text) continue;
  stale.push(name);
  if (!process.argv.includes('--check')) await writeFile(root + name, text);
}
if (stale.length === 0) console.log('The documents are current.');
else if (process.argv.includes('--check')) {
  console.error(`Stale: ${stale.join(', ')}. Run "npm run docs" and commit what it writes.`);
  process.exit(1);
} else console.log(`Written: ${stale.join(', ')}.`);
