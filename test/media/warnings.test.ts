import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

test('every code of a warning is described for clients, and no other', async () => {
  const code = await readFile('src/services/media/warning.ts', 'utf8');
  const docs = await readFile('docs/media-warnings.md', 'utf8');
  const known = [...code.matchAll(/^ {2}\| '(\w+)'/gm)].map(([, name]) => name);
  const described = [...docs.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
  expect(described).toEqual(known);
});
