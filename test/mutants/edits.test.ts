import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { applyEdit, type Edit, readTests, type TestFile } from './edit.ts';
import { rooms } from './rooms.ts';

const edits = Object.values(rooms).flatMap((room) =>
  Object.entries(room).flatMap(([file, some]) => some.map((edit) => ({ file, edit }))),
);

/** Parts of names that no test of a file has, where all of its tests have plain texts as their names. */
function findUnnamed({ file, names }: TestFile): string[] {
  const code = readFileSync(file, 'utf8');
  const isPlain = /^test\('/m.test(code) && !/test\.each|test\([^']|conforms\(/.test(code);
  return isPlain ? names.filter((name) => !code.includes(name)) : [];
}

/** Why a change cannot be made, or its tests not be run. */
function findFault(file: string, edit: Edit): string | undefined {
  const tests = readTests(edit.tests);
  const files = tests.map((test) => test.file);
  const missing = files.length > 0 ? files.filter((name) => !existsSync(name)) : ['any test'];
  if (missing.length > 0) return `"${edit.guarantee}": there is no ${missing.join(', ')}`;
  const unnamed = tests.flatMap(findUnnamed);
  if (unnamed.length > 0) return `"${edit.guarantee}": no test has in its name: ${unnamed}`;
  try {
    applyEdit(readFileSync(file, 'utf8'), edit);
    return undefined;
  } catch (error) {
    return `${file}: ${(error as Error).message}`;
  }
}

test.each(Object.entries(rooms))(
  'each change of the room %s can be made, and its tests are there',
  (_, room) => {
    const faults = Object.entries(room).flatMap(([file, some]) =>
      some.flatMap((edit) => findFault(file, edit) ?? []),
    );
    expect(faults).toEqual([]);
  },
);

test('there are at least 150 changes, of which at most a tenth may survive', () => {
  expect(edits.length).toBeGreaterThanOrEqual(150);
  const survivors = edits.filter(({ edit }) => edit.survives);
  expect(survivors.length).toBeLessThanOrEqual(edits.length / 10);
});

test('each change says what is lost by it, and no other of its file says the same', () => {
  const names = edits.map(({ file, edit }) => `${file}: ${edit.guarantee}`);
  expect(names).toEqual([...new Set(names)]);
});

test('a text that is no longer there, or more than once, is told with the change', () => {
  const edit: Edit = { guarantee: 'a limit', find: 'a', replace: '$&b', tests: [] };
  expect(applyEdit('xax', edit)).toBe('x$&bx');
  expect(() => applyEdit('x', edit)).toThrow(
    '"a limit": the text to replace is no longer there: a',
  );
  expect(() => applyEdit('aa', edit)).toThrow('"a limit": the text to replace is there 2 times: a');
});
