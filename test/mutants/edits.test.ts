import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { applyEdit, readTests } from './edit.ts';
import { rooms } from './rooms.ts';

const edits = Object.values(rooms).flatMap((room) =>
  Object.entries(room).flatMap(([file, some]) => some.map((edit) => ({ file, ...edit }))),
);

describe('a change of npm run test:mutants', () => {
  test.each(edits.map((edit) => [edit.guarantee, edit] as const))(
    'can be made, and its tests are there: %s',
    (_, edit) => {
      const before = readFileSync(edit.file, 'utf8');
      expect(applyEdit(before, edit)).not.toBe(before);
      const files = readTests(edit.tests).map(({ file }) => file);
      expect(files.filter((file) => !existsSync(file))).toEqual([]);
      expect(files).not.toEqual([]);
    },
  );

  test('is one of at least 150, of which at most a tenth is listed as a survivor', () => {
    expect(edits.length).toBeGreaterThanOrEqual(150);
    const survivors = edits.filter(({ survives }) => survives);
    expect(survivors.length).toBeLessThanOrEqual(edits.length / 10);
  });

  test('says once what is lost by it', () => {
    const names = edits.map(({ file, guarantee }) => `${file}: ${guarantee}`);
    expect(names).toEqual([...new Set(names)]);
  });
});
