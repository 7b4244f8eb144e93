import '../harness/place.ts';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { blocksOf } from './blocks.ts';
import { exchangesOf, replay } from './http.ts';

const examples = fileURLToPath(new URL('../../docs/examples/', import.meta.url));
const blocks = (name: string) => blocksOf(readFileSync(examples + name, 'utf8'));

test('docs/examples/http.md: every request is answered as printed', async () => {
  const exchanges = exchangesOf(blocks('http.md'));
  expect(exchanges.length).toBeGreaterThan(15);
  expect(await replay(exchanges)).toEqual([]);
});

test('docs/examples/services.md: the code runs, and what it asserts holds', async () => {
  const code = blocks('services.md').filter((b) => b.language === 'ts');
  expect(code.length).toBeGreaterThan(3);
  const dir = mkdtempSync(join(tmpdir(), 'mixdown-examples-'));
  try {
    const file = join(dir, 'services.ts');
    const root = pathToFileURL(join(examples, '../../')).pathname;
    writeFileSync(file, code.map((b) => b.text.replaceAll("'../../", `'${root}`)).join('\n'));
    await import(file);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
