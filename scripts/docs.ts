// Writes what is generated of the code: openapi.json, docs/data-model.md and a list in ARCHITECTURE.md. `--check` writes nothing
// and fails when one is stale. `table FILE` prints every entity with its route, indexes and tests counted:
// those of a run, by what Vitest's JSON reporter wrote.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import './docs/settings.ts';
import { generated } from './docs/generated.ts';
import { entityTable } from './docs/print-table.ts';
import { domainsOf } from './docs/registry.ts';
import { testsOf } from './docs/tests.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

const [command, results] = process.argv.slice(2);
if (command === 'table' && results) {
  console.log(entityTable(domainsOf(root), testsOf(root, results)));
} else if (command === 'table') {
  console.error(
    'First: npm test -- --reporter=json --outputFile=FILE. Then: npm run docs -- table FILE',
  );
  process.exitCode = 1;
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
