import { readFileSync } from 'node:fs';
import { basename, relative } from 'node:path';
import type { Entity } from '../../src/data/entity.ts';
import { servedAt } from './registry.ts';

/** A test by its whole name, and the file that it stands in. */
export interface Test {
  name: string;
  file: string;
}

interface Results {
  testResults: { name: string; assertionResults: { fullName: string }[] }[];
}

/** Every test of a run, by the JSON that Vitest's reporter wrote. */
export function testsOf(root: string, results: string): Test[] {
  const { testResults } = JSON.parse(readFileSync(results, 'utf8')) as Results;
  return testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map((test) => ({ name: test.fullName, file: relative(root, name) })),
  );
}

/**
 * The tests of an entity: those in the file of its function, those that name its path
 * (`/v1/tracks keeps the contract`), and those of what the database refuses (`a bad Track`).
 */
export function testsFor(entity: Entity, tests: Test[]): Test[] {
  const places = servedAt(entity);
  const files = new Set(places.map((p) => `${p.function}.test.ts`));
  const named = [...places.map((p) => p.path), `a bad ${entity.name}`].map(
    (text) => new RegExp(`${text.replace(/[{}]/g, '\\$&')}(?![\\w/-])`),
  );
  return tests.filter(
    ({ name, file }) => files.has(basename(file)) || named.some((n) => n.test(name)),
  );
}
