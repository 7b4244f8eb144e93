// Writes what is generated of the code: openapi.json and docs/data-model.md. `--check` writes nothing
// and fails when one is stale. `table` prints every entity with its route, tests and indexes counted;
// `table FILE` counts the tests of a run, by what Vitest's JSON reporter wrote.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

// Nothing is reached while the documents are written; the settings only have to be there.
process.env.MONGODB_URI ??= 'mongodb://localhost/none';
process.env.MEDIA_BUCKET ??= 'none';
process.env.APP_SECRET ??= Buffer.alloc(32).toString('base64');
process.env.TOKEN_KEYS ??= JSON.stringify([(await import('./docs/key.ts')).throwawayKey()]);

const { domainsOf } = await import('./docs/registry.ts');
const { generated } = await import('./docs/generated.ts');

const [command, results] = process.argv.slice(2);
if (command === 'table') {
  const { entityTable } = await import('./docs/print-table.ts');
  const { testsOf } = await import('./docs/tests.ts');
  console.log(entityTable(domainsOf(root), testsOf(root, results)));
} else {
  const isCheck = command === '--check';
  const stale: string[] = [];
  for (const [name, text] of Object.entries(await generated(root))) {
    const before = await readFile(root + name, 'utf8').catch(() => '');
    if (before === text) continue;
    stale.push(name);
    if (!isCheck) await writeFile(root + name, text);
  }
  if (stale.length === 0) console.log('The documents are current.');
  else if (isCheck) {
    console.error(`Stale: ${stale.join(', ')}. Run "npm run docs" and commit what it writes.`);
    process.exit(1);
  } else console.log(`Written: ${stale.join(', ')}.`);
}
