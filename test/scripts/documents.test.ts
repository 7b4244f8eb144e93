import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (name: string) => readFileSync(join(root, name), 'utf8');
const documents = globSync(['*.md', 'bench/*.md', 'docs/**/*.md'], { cwd: root });

type Operations = Record<string, { responses: Record<string, unknown> }>;

test.each(documents)('every file that %s names is there', (document) => {
  const folders = 'src|functions|migrations|scripts|test|docs|deploy|bench';
  const named = read(document).matchAll(new RegExp(`\`((?:${folders})/[^\`*\\s]*)\``, 'g'));
  const missing = [...named].filter(([, path]) => !existsSync(join(root, path as string)));
  expect(missing.map(([, path]) => path)).toEqual([]);
});

test.each(documents)('every link of %s leads to a file, and to a heading in it', (document) => {
  const links = [...read(document).matchAll(/\]\(([^)#:\s]*)(#[^)\s]*)?\)/g)];
  const broken = links.filter(([, path = '', anchor]) => {
    const target = path ? join(dirname(document), path) : document;
    return !existsSync(join(root, target)) || (anchor && !anchorsOf(target).includes(anchor));
  });
  expect(broken.map(([link]) => link)).toEqual([]);
});

test('the operations that answer 501 are those that ARCHITECTURE names, and README says where', () => {
  const { paths } = JSON.parse(read('openapi.json')) as { paths: Record<string, Operations> };
  const missing = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([, { responses }]) => '501' in responses)
      .map(([method]) => `${method.toUpperCase()} ${path}`),
  );
  const section = read('docs/ARCHITECTURE.md').split('## What answers 501')[1]?.split('\n## ')[0];
  const told = [...(section ?? '').matchAll(/`((?:GET|POST|PATCH|DELETE) [^`]+)`/g)];
  expect(told.map(([, route]) => route).sort()).toEqual(missing.sort());
  expect(read('README.md')).toContain('(docs/ARCHITECTURE.md#what-answers-501)');
});

test('the way of a job to a published medium has at most 12 files, each imported by one before it', () => {
  const section = read('docs/ARCHITECTURE.md').split('### From the queue to a published medium')[1];
  const files = [...(section ?? '').matchAll(/^\| \d+ \| `([^`]+)`/gm)].map(([, file]) =>
    String(file),
  );
  expect(new Set(files).size).toBe(files.length);
  expect(files.length).toBeGreaterThan(9);
  expect(files.length).toBeLessThan(13);
  // A job type is handed to the worker as a value, by the list of all of them.
  const list = 'src/services/job-types.ts';
  const imports = new Set(files.slice(0, 1));
  for (const file of [files[0] ?? '', list, ...files.slice(1)]) {
    expect(imports.has(file), `${file} is imported by none before it`).toBe(true);
    for (const [, path = ''] of read(file).matchAll(/(?:from|import\()\s*'(\.[^']+)'/g))
      imports.add(join(dirname(file), path));
  }
});

test('every npm script is in the README', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const readme = read('README.md');
  const own = Object.keys(scripts).filter((name) => !/^(pre|post)/.test(name));
  const isTold = (name: string) => new RegExp(`\`npm (run )?${name}[\` ]`).test(readme);
  expect(own.filter((name) => !isTold(name))).toEqual([]);
});

/** The anchors that GitHub gives to the headings of a document. */
function anchorsOf(document: string): string[] {
  const headings = read(document).matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, text = '']) => {
    const words = text.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '');
    return `#${words.replaceAll(' ', '-')}`;
  });
}
