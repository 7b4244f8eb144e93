import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { migrations } from '../../migrations/index.ts';
import { printIndex } from '../../src/data/migrations/name-file.ts';
import { copyRepository, linkPackages, repository } from '../harness/copy-repository.ts';

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: repository, encoding: 'utf8' });
}

/** The last release, by its tag, or why there is none to be had. */
export function findLastRelease(): { tag: string } | { why: string } {
  const before = ['--merged', 'HEAD', '--no-contains', 'HEAD'];
  const [tag] = git('tag', '--list', 'v*', ...before, '--sort=-v:refname').split('\n');
  if (tag) return { tag };
  const isShallow = git('rev-parse', '--is-shallow-repository').trim() === 'true';
  return {
    why: isShallow
      ? 'this clone is shallow and has no tag v*; git fetch --tags --unshallow brings them'
      : 'nothing is released yet: there is no tag v*',
  };
}

/** Writes the files of a release into a folder, with the packages of this checkout. */
export function checkOut(tag: string, folder: string): void {
  mkdirSync(folder);
  const archive = `${folder}.tar`;
  git('archive', '--output', archive, tag);
  execFileSync('tar', ['-xf', archive, '-C', folder]);
  linkPackages(folder);
  const [then, now] = [folder, repository].map((root) =>
    readFileSync(join(root, 'package-lock.json')),
  );
  if (then && now && !then.equals(now)) console.log(`${tag} runs with the packages of now.`);
}

/**
 * Writes a release that could follow this one into a folder: its projects must have a mood. One migration
 * widens the database for it, another narrows it.
 */
export function writeNextRelease(folder: string): void {
  copyRepository(folder);
  const model = join(folder, 'src/models/projects/project.ts');
  const before = readFileSync(model, 'utf8');
  const line = "    coverImage: ref('Image'";
  const mood =
    "    mood: { type: String, required: true, enum: ['CALM', 'WILD'], default: 'CALM' },\n";
  writeFileSync(model, before.replace(line, mood + line));
  if (!readFileSync(model, 'utf8').includes(mood))
    throw new Error(`${model} has no place for mood.`);
  const [first, second] = [1, 2].map((n) => String(migrations.length + n).padStart(4, '0'));
  const schema = "{ bsonType: 'string', enum: ['CALM', 'WILD'] }";
  write(
    folder,
    `${first}-moods`,
    `await m.changeValidator('projects', { set: { mood: ${schema} } });`,
  );
  write(
    folder,
    `${second}-narrow-moods`,
    `await m.changeValidator('projects', { required: ['mood'] });
    await m.changeDocuments('projects', { fill: { mood: 'CALM' } });`,
  );
  const ids = [...migrations.map(({ id }) => id), `${first}-moods`, `${second}-narrow-moods`];
  writeFileSync(join(folder, 'migrations/index.ts'), printIndex(ids));
}

function write(folder: string, id: string, steps: string): void {
  const text = `import type { Migration } from '../src/data/migrations/migration.ts';
export const migration: Migration = {
  id: '${id}',
  async up(m) {
    ${steps}
  },
  async down() {},
};
`;
  writeFileSync(join(folder, 'migrations', `${id}.ts`), text);
}
