import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { repository as here } from '../harness/copy-repository.ts';
import { ran } from '../scripts/run.ts';
import { checkOut, findLastRelease, writeNextRelease } from './checkouts.ts';

// In every deployment two releases write to one database for a while: it has been widened for the new one
// and not yet been narrowed. Then every operation of both must work as it does on a database of its own.

const folder = mkdtempSync(join(tmpdir(), 'mixdown-releases-'));
const other = join(folder, 'other');
const last = findLastRelease();

afterAll(() => rmSync(folder, { recursive: true }));

/** The migrations of these checkouts make a database, each up to its target. */
type Made = [root: string, target: 'head' | 'widening'][];

/** Calls every operation. */
const MATRIX = ['test/matrix.test.ts'];
/** The same, and what writes when nobody calls: bytes that arrive, processing, versions that are exchanged. */
const ALL = [...MATRIX, 'test/uploads/arrivals.test.ts', 'test/media/versions.test.ts'];

/** Runs tests of a checkout on a database. Returns what went wrong; nothing is ''. */
async function runOn(made: Made, root: string, tests = MATRIX): Promise<string> {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const env = {
    MIGRATE_BY: JSON.stringify(made),
    NODE_COMPILE_CACHE: join(folder, 'cache'),
  };
  const { code, stdout, stderr } = await ran([vitest, 'run', ...tests], env, root);
  return code === 0 ? '' : stdout + stderr;
}

if ('tag' in last) {
  checkOut(last.tag, other);
  describe(`on the database of ${last.tag}, widened for this release`, () => {
    const between: Made = [
      [other, 'head'],
      [here, 'widening'],
    ];
    test('every operation of the last release works', async () => {
      expect(await runOn(between, other, ALL)).toBe('');
    });
    test('every operation of this release works', async () => {
      expect(await runOn(between, here, ALL)).toBe('');
    });
  });
} else {
  console.log(`Not tried with the last release: ${last.why}. Instead this one is the last,`);
  console.log('and a copy in which projects must have a mood is the next.');
  writeNextRelease(other);
  const between: Made = [
    [here, 'head'],
    [other, 'widening'],
  ];
  test('every operation of this release works on a database that the next one has widened', async () => {
    expect(await runOn(between, here)).toBe('');
  });
  test('every operation of the next release works there, before it is narrowed', async () => {
    expect(await runOn(between, other)).toBe('');
  });
  test('a database that was narrowed too early is noticed', async () => {
    expect(await runOn([[other, 'head']], here)).toMatch(/createProject|failed validation/);
  });
  test('functions that came before their migration are noticed', async () => {
    expect(await runOn([[here, 'head']], other)).toMatch(/createProject|failed validation/);
  });
}
