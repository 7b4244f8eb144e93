import {
  cpSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { migrations } from '../../migrations/index.ts';
import { parse } from '../../scripts/migrate/arguments.ts';
import { withDatabase } from '../../src/data/connection-string.ts';
import { newId } from '../../src/data/ids.ts';
import { database, everything } from '../data/migrations/given.ts';
import { run } from './run.ts';

// A copy of the repository, whose models may change, and a database of its own.
const root = mkdtempSync(join(tmpdir(), 'mixdown-migrate-'));
const db = database();
const uri = withDatabase(inject('tools').mongodb, db.databaseName);
const first = migrations[0]?.id ?? '';
const last = migrations.at(-1)?.id ?? '';

// Each command is a process of its own.
vi.setConfig({ testTimeout: 120_000 });

beforeAll(() => {
  const from = fileURLToPath(new URL('../..', import.meta.url));
  const parts = ['src', 'scripts', 'migrations', 'package.json', 'biome.json', '.gitignore'];
  for (const part of parts) cpSync(join(from, part), join(root, part), { recursive: true });
  symlinkSync(join(from, 'node_modules'), join(root, 'node_modules'));
});

afterAll(() => rmSync(root, { recursive: true }));

// Most of what a command takes is compiling the same code.
const env = { MONGODB_URI: uri, NODE_COMPILE_CACHE: join(root, '.cache') };
const migrate = (...args: string[]) => run('migrate', args, env, pathToFileURL(`${root}/`));
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const write = (file: string, text: string) => writeFileSync(join(root, file), text);

/** Writes a model of the copy. */
function model(entity: string, schema: string): void {
  const file = `media/${entity.toLowerCase()}.ts`;
  write(
    `src/models/${file}`,
    `import { Schema } from 'mongoose';
    import { entity } from '../../data/entity.ts';
    ${schema}
    export const ${entity} = entity('${entity}', () => schema, { about: 'A test.' });`,
  );
  const line = `export { ${entity} } from './${file}';\n`;
  const models = read('src/models/index.ts');
  if (!models.includes(line)) write('src/models/index.ts', models + line);
}

test('wrong words get the usage, and unknown ids a sentence', async () => {
  for (const words of [
    '',
    'up',
    'upgrade',
    'upgrade -1',
    'downgrade head',
    'upgrade head now',
    'current --dry-run',
    'revision',
    'check --loud',
    'squash 0002',
  ]) {
    expect(parse(words.split(' ').filter(Boolean)), words).toContain('Usage: npm run migrate -- …');
  }
  expect(await migrate('up')).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('Usage: npm run migrate -- …'),
  });
  expect(await migrate('upgrade', '7777')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(`^There is no migration 7777\\. There are: ${first}`),
  });
});

test('a database goes up to the head and down to the base, and says where it stands', async () => {
  const told = async (...args: string[]) => (await migrate(...args)).stdout;
  const all = migrations.map(({ id }) => id).join(', ');
  expect(await told('current')).toBe(`base (${migrations.length} pending)\n`);
  expect(await migrate('check')).toMatchObject({
    code: 1,
    stderr: `The database is not at the head: it lacks ${all}.\n`,
  });
  expect(await told('upgrade', 'head', '--dry-run')).toMatch(/Nothing was changed: a dry run\.\n$/);
  expect(await told('current')).toBe(`base (${migrations.length} pending)\n`);
  expect(await told('upgrade', 'head')).toMatch(new RegExp(`\nApplied: ${all}\n$`));
  expect(await told('upgrade', 'head')).toBe('There was nothing to do.\n');
  expect(await told('current')).toBe(`${last} (head)\n`);
  expect(await told('history')).toMatch(new RegExp(`^x ${first} {2}\\d{4}-\\S+Z {2}\\d+ ms\n`));
  expect(await migrate('check')).toMatchObject({
    code: 0,
    stdout: 'Models and migrations agree.\n',
  });
  expect(await told('downgrade', '-1')).toMatch(new RegExp(`\nUndone: ${last}\n$`));
  expect(await migrate('revision', '--autogenerate', '-m', 'too early')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^The database is not at the head/),
  });
  await told('downgrade', 'base');
  expect(await told('current')).toBe(`base (${migrations.length} pending)\n`);
  expect(await told('history')).toMatch(new RegExp(`^ {2}${first}\n`));
});

test('a changed model becomes a migration that leads there and back, and asks what it cannot know', async () => {
  model(
    'Note',
    `const schema = new Schema({
      text: { type: String, required: true, maxlength: 100 },
      mood: { type: String, maxlength: 20 },
    });
    schema.index({ user: 1, mood: 1 });
    schema.index({ createdAt: 1 }, { expireAfterSeconds: 86_400 });`,
  );
  await migrate('upgrade', 'head');
  await migrate('revision', '--autogenerate', '-m', 'add notes');
  await migrate('upgrade', 'head');
  expect(await migrate('check')).toMatchObject({ code: 0 });
  const before = await everything(db);
  const now = new Date();
  const ids = { _id: newId(now.getTime()), user: newId(now.getTime()) };
  const note = {
    ...ids,
    createdAt: now,
    updatedAt: now,
    version: 1,
    text: 'Play it.',
    mood: 'GAY',
  };
  await db.collection('notes').insertOne(note as never);

  model(
    'Note',
    `const schema = new Schema({
      text: { type: String, required: true, maxlength: 200 },
      temper: { type: String, maxlength: 20 },
      parts: [new Schema({ at: Number }, { _id: false })],
    });
    schema.index({ user: 1, temper: 1 }, { sparse: true });
    schema.index({ createdAt: 1 }, { expireAfterSeconds: 90_000 });`,
  );
  model(
    'Remark',
    'const schema = new Schema({ text: String }); schema.index({ user: 1, _id: -1 });',
  );
  const differs = await migrate('check');
  expect(differs).toMatchObject({ code: 1, stdout: '' });
  expect(differs.stderr.split('\n').slice(0, -1)).toEqual([
    'notes: field temper is new',
    'notes: field parts is new',
    'notes: field mood is gone',
    'notes: field text has changed',
    'notes: was mood renamed to temper?',
    'notes: index createdAt_1 is not in the model',
    'notes: index user_1_mood_1 is not in the model',
    'notes: index user_1_temper_1 is missing',
    'notes: index createdAt_1 is missing',
    'remarks: is missing',
    'Models and migrations differ. Write what is missing: npm run migrate -- revision --autogenerate -m "…"',
  ]);

  const written = await migrate('revision', '--autogenerate', '-m', 'Remarks & tempers');
  expect(written).toMatchObject({ code: 0, stderr: '' });
  expect(written.stdout).toContain(
    'Check by hand: notes lost mood and gained temper, of the same type: is it a new name?',
  );
  // What widens is a migration of its own, and what narrows comes after it.
  const [first, number] = [2, 3].map((n) => String(migrations.length + n).padStart(4, '0'));
  const file = `migrations/${number}-narrow-remarks-tempers.ts`;
  expect(written.stdout).toContain(`Written: migrations/${first}-remarks-tempers.ts.\n`);
  expect(written.stdout).toContain(`Written: ${file}.\n`);
  expect(read('migrations/index.ts')).toContain(
    `import { migration as m${first}RemarksTempers } from './${first}-remarks-tempers.ts';`,
  );
  expect((await migrate('upgrade', 'widening', '--dry-run')).stdout).toMatch(
    new RegExp(`^${first}-remarks-tempers\n(  would .*\n)+Nothing was changed`),
  );
  // The step that it suggests is taken: the comment becomes code.
  const step = /\/\/ (?=await m\.changeDocuments\('notes', \{ rename: \{ (mood|temper): )/g;
  expect(read(file).match(step)).toHaveLength(2);
  write(file, read(file).replace(step, ''));

  const up = await migrate('upgrade', 'head');
  expect(up).toMatchObject({ code: 0, stderr: '' });
  expect(up.stdout).toContain('  rename mood to temper: 1 of 1 notes\n');
  expect(await migrate('check')).toMatchObject({ code: 0 });
  const notes = db.collection('notes');
  expect(await notes.findOne()).toMatchObject({ temper: 'GAY', version: 2 });
  expect(await migrate('revision', '--autogenerate', '-m', 'more')).toMatchObject({
    code: 0,
    stdout: 'Models and database agree: nothing was written.\n',
  });

  expect(await migrate('downgrade', '-2')).toMatchObject({ code: 0, stderr: '' });
  expect(await everything(db)).toEqual(before);
  expect(await notes.findOne()).toEqual({ ...note, version: 3 });
  expect(await migrate('upgrade', number as string)).toMatchObject({ code: 0 });
  expect(await migrate('check')).toMatchObject({ code: 0 });
});

test('a field that is added at some depth is a migration of about ten lines', async () => {
  model(
    'Note',
    `const schema = new Schema({
      text: { type: String, required: true, maxlength: 200 },
      temper: { type: String, maxlength: 20 },
      parts: [new Schema({ at: Number, job: Schema.Types.UUID }, { _id: false })],
    });
    schema.index({ user: 1, temper: 1 }, { sparse: true });
    schema.index({ createdAt: 1 }, { expireAfterSeconds: 90_000 });`,
  );
  const { stdout } = await migrate('revision', '--autogenerate', '-m', 'Parts have a job');
  expect(stdout).toMatch(/^notes: field parts\.\$\[\]\.job is new\nWritten: /);
  const file = /Written: (\S+)\./.exec(stdout)?.[1] ?? '';
  expect(read(file)).toBe(`import type { Migration } from '../src/data/migrations/migration.ts';

/** Parts have a job. */
export const migration: Migration = {
  id: '${file.slice('migrations/'.length, -'.ts'.length)}',

  async up(m) {
    await m.changeValidator('notes', { set: { 'parts.$[].job': { bsonType: 'binData' } } });
  },

  async down(m) {
    await m.changeValidator('notes', { unset: ['parts.$[].job'] });
    // Check by hand: notes lost parts.$[].job: a document with it can no longer be written
    // await m.changeDocuments('notes', { unset: ['parts.$[].job'] });
  },
};
`);
  const before = await everything(db);
  expect((await migrate('upgrade', 'head', '--dry-run')).stdout).toContain(
    '  would change validator of notes: set parts.$[].job\n',
  );
  await migrate('upgrade', 'head');
  expect(await migrate('check')).toMatchObject({ code: 0 });
  await migrate('downgrade', '-1');
  expect(await everything(db)).toEqual(before);
});

test('a revision that is written by hand starts from an empty one', async () => {
  const written = await migrate('revision', '-m', 'fill in bios');
  expect(written).toMatchObject({ code: 0, stderr: '' });
  const file = /Written: (\S+)\./.exec(written.stdout)?.[1] ?? '';
  expect(read(file)).toContain(`  id: '${file.slice('migrations/'.length, -'.ts'.length)}',`);
  // What it may not be: one that both widens and narrows.
  const empty = read(file);
  const both = "await m.changeValidator('notes', { set: { pitch: {} }, unset: ['temper'] });";
  write(file, empty.replace(/up\(\) \{[^}]*\}/, `up(m) { ${both} }`));
  for (const command of [['check'], ['upgrade', 'widening']]) {
    const refused = await migrate(...command);
    expect(refused.code, command[0]).toBe(1);
    expect(refused.stderr).toMatch(
      /widens \(notes: field pitch is new\) and narrows .* Make two of it/,
    );
  }
  write(file, empty);
  expect(await migrate('upgrade', 'head')).toMatchObject({ code: 0 });
});

test('squash writes one migration that makes the same database, and older ones are refused', async () => {
  const before = await everything(db);
  const { stdout, code } = await migrate('squash');
  expect(code).toBe(0);
  const [file] = globSync('migrations/0*.ts', { cwd: root });
  expect(globSync('migrations/*.ts', { cwd: root }).toSorted()).toEqual([
    file,
    'migrations/index.ts',
  ]);
  expect(stdout).toContain(`Written: ${file}, in place of ${first}, `);
  expect((await migrate('squash')).stdout).toBe(`Written: ${file}.\n`);
  const commands = [['current'], ['check'], ['upgrade', 'head'], ['upgrade', '+1', '--dry-run']];
  for (const refused of await Promise.all(commands.map((command) => migrate(...command)))) {
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^This database was made by migrations that are no longer in the code: .+\n.+\nLocal backend: .+\nAnother database: /,
      ),
    });
  }

  const seeded = await db.collection('llmModels').find().toArray();
  await db.dropDatabase();
  expect(await migrate('upgrade', 'head')).toMatchObject({ code: 0, stderr: '' });
  expect(await migrate('check')).toMatchObject({ code: 0 });
  expect(await everything(db)).toEqual(before);
  expect(seeded.length).toBeGreaterThan(0);
  expect(await db.collection('llmModels').find().toArray()).toEqual(seeded);
  await migrate('downgrade', 'base');
  const left = (await db.listCollections().toArray()).map(({ name }) => name);
  expect(left.toSorted()).toEqual(['migrationLocks', 'migrations', 'sealingKeys']);
});
