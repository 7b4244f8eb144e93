// Writes the generated documents: openapi.json, docs/data-model.md, and lists in ARCHITECTURE.md,
// metering.md and webhooks.md.
// `--check` writes nothing and fails when one of them is stale. `table FILE…` prints every entity
// with its route and the number of its indexes and tests; each FILE is the output of Vitest's JSON
// reporter.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import './docs/settings.ts';
import { generateDocuments } from './docs/generated.ts';
import { makeEntityTable } from './docs/print-table.ts';
import { readDomains } from './docs/registry.ts';
import { readTests } from './docs/tests.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

const [command, ...results] = process.argv.slice(2);
if (command === 'table' && results.length > 0) {
  const tests = results.flatMap((file) => readTests(root, file));
  console.log(makeEntityTable(readDomains(root), tests));
} else if (command === 'table') {
  console.error(
    'First: npm test -- --reporter=json --outputFile=FILE. Then: npm run docs -- table FILE…',
  );
  process.exitCode = 1;
} else {
  const isCheck = command === '--check';
  const stale: string[] = [];
  for (const [name, text] of Object.entries(await generateDocuments(root))) {
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
