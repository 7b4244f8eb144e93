import { readFileSync } from 'node:fs';
import { basename, relative } from 'node:path';
import type { Entity } from '../../src/data/entity.ts';
import { findServed } from './registry.ts';

/** A test: its full name and its file. */
export interface Test {
  name: string;
  file: string;
}

interface Results {
  testResults: { name: string; assertionResults: { fullName: string }[] }[];
}

/** Reads the tests of a run from the output of Vitest's JSON reporter. */
export function readTests(root: string, results: string): Test[] {
  const { testResults } = JSON.parse(readFileSync(results, 'utf8')) as Results;
  return testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map((test) => ({ name: test.fullName, file: relative(root, name) })),
  );
}

/**
 * Finds the tests of an entity: those in the file of its function, those that name its path
 * (`/v1/tracks keeps the contract`), and those of its validator (`a bad Track`).
 */
export function findTests(entity: Entity, tests: Test[]): Test[] {
  const places = findServed(entity);
  const files = new Set(places.map((p) => `${p.function}.test.ts`));
  const named = [...places.map((p) => p.path), `a bad ${entity.name}`].map(
    (text) => new RegExp(`${text.replace(/[{}]/g, '\\$&')}(?![\\w/-])`),
  );
  return tests.filter(
    ({ name, file }) => files.has(basename(file)) || named.some((n) => n.test(name)),
  );
}
