import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { withDatabase } from '../../src/data/connection-string.ts';
import { database } from '../data/migrations/given.ts';
import { copyRepository, repository } from '../harness/copy-repository.ts';
import { ran, run } from './run.ts';

// Follows the recipes of CONTRIBUTING.md in a copy of the repository, to the letter: each block of code
// that names a file is written there, each diff is applied, and each command is run.

const root = mkdtempSync(join(tmpdir(), 'mixdown-contributing-'));
const uri = withDatabase(inject('tools').mongodb, database().databaseName);
const env = { MONGODB_URI: uri, NODE_COMPILE_CACHE: join(root, '.cache') };

beforeAll(async () => {
  copyRepository(root);
  await command('npm run migrate -- upgrade head');
});

afterAll(() => rmSync(root, { recursive: true }));

interface Block {
  language: string;
  text: string;
}

/** The blocks of code of each recipe, by its heading. */
const recipes = new Map(
  readFileSync(join(repository, 'CONTRIBUTING.md'), 'utf8')
    .split(/^## /m)
    .filter((section) => section.startsWith('Add '))
    .map((section) => {
      const blocks = [...section.matchAll(/^```(\w+)\n(.*?)^```$/gms)];
      return [
        section.slice(0, section.indexOf('\n')),
        blocks.map(([, language = '', text = '']): Block => ({ language, text })),
      ];
    }),
);

async function follow(recipe: string): Promise<void> {
  const blocks = recipes.get(recipe);
  if (!blocks) throw new Error(`There is no recipe "${recipe}".`);
  for (const { language, text } of blocks) {
    if (language === 'ts') write(text);
    else if (language === 'diff') patch(text);
    else for (const line of text.trim().split('\n')) await command(line);
  }
}

/** Writes a file that the first line names; `(at its end)` adds to one that is there. */
function write(text: string): void {
  const [, file = '', atEnd] = /^\/\/ (\S+)( \(at its end\))?\n/.exec(text) ?? [];
  const code = text.slice(text.indexOf('\n') + 1);
  const path = join(root, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, atEnd ? `${readFileSync(path, 'utf8')}\n${code}` : code);
}

/** Applies a diff to the file that its first line names: lines go behind the one that stands before them. */
function patch(text: string): void {
  const [head = '', ...changes] = text.trimEnd().split('\n');
  const path = join(root, head.replace('# ', ''));
  const lines = readFileSync(path, 'utf8').split('\n');
  let at = 0;
  for (const change of changes) {
    const line = change.slice(1);
    if (change.startsWith('+')) lines.splice(at++, 0, line);
    else {
      const found = lines.indexOf(line);
      if (found < 0) throw new Error(`${head}: there is no line "${line}"`);
      if (change.startsWith('-')) lines.splice(found, 1);
      at = change.startsWith('-') ? found : found + 1;
    }
  }
  writeFileSync(path, lines.join('\n'));
}

async function command(line: string): Promise<void> {
  const [, script = '', words = ''] = /^npm run (\w+)(?: -- (.*))?$/.exec(line) ?? [];
  const args = [...words.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word);
  const { code, stdout, stderr } = await run(
    script,
    args.map(String),
    env,
    pathToFileURL(`${root}/`),
  );
  if (code !== 0) throw new Error(`${line}\n${stdout}${stderr}`);
}

/** How many lines were written by hand but for tests, and in how many new files. */
function handWritten(recipe: string) {
  const files = (recipes.get(recipe) ?? []).filter(({ language }) => language === 'ts');
  const code = files
    .filter(({ text }) => !text.startsWith('// test/'))
    .flatMap(({ text }) => text.split('\n').slice(1))
    .filter((line) => line.trim());
  return { files: files.length, lines: code.length };
}

async function check(tool: string, ...args: string[]): Promise<void> {
  const { code, stdout, stderr } = await ran([join(root, 'node_modules', tool), ...args], {}, root);
  if (code !== 0) throw new Error(stdout + stderr);
}

test('each recipe works as it is written: an entity, a migration, an endpoint, a job type', async () => {
  for (const recipe of recipes.keys()) await follow(recipe);
  await check('typescript/bin/tsc', '--noEmit');
  await check('@biomejs/biome/bin/biome', 'check', 'src', 'functions', 'test', 'migrations');
  // What conforms() and the registry hold every resource to, and the examples' own tests.
  const files = ['test/projects/', 'test/registry.test.ts', 'test/jobs/core.test.ts'];
  await check('vitest/vitest.mjs', 'run', ...files);
}, 300_000);

test('a job type with its entity and endpoint is at most sixty lines in five new files', () => {
  const { files, lines } = handWritten('Add a job type');
  expect(files).toBeLessThanOrEqual(5);
  expect(lines).toBeLessThanOrEqual(60);
});
