import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { printIndex } from '../../src/data/migrations/name-file.ts';
import { type Draft, printMigration } from '../../src/data/migrations/print-migration.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Writes a migration and the list of all, formatted. Returns the name of its file. */
export function writeFiles(draft: Draft, ids: string[]): string {
  const file = getFile(draft.id);
  const index = 'migrations/index.ts';
  // Both before the first is written: what cannot be printed or formatted leaves nothing behind.
  const texts = { [file]: printMigration(draft), [index]: printIndex(ids) };
  for (const [name, text] of Object.entries(texts)) texts[name] = format(name, text);
  for (const [name, text] of Object.entries(texts)) writeFileSync(root + name, text);
  return file;
}

/** Deletes the file of a migration. */
export function deleteFile(id: string): void {
  rmSync(root + getFile(id));
}

function getFile(id: string): string {
  return `migrations/${id}.ts`;
}

function format(file: string, text: string): string {
  const biome = fileURLToPath(import.meta.resolve('@biomejs/biome/bin/biome'));
  const args = [biome, 'check', '--write', `--stdin-file-path=${file}`];
  return execFileSync(process.execPath, args, { cwd: root, input: text, encoding: 'utf8' });
}
