import '../../harness/place.ts';
import { expect, test } from 'vitest';
import { combinationsOf } from '../../../src/api/resource/list.ts';
import { routes } from '../../harness/operations.ts';
import { allOtherListsAreCheap, lists } from './costs.ts';

allOtherListsAreCheap();

test('every list of the API is looked at', () => {
  const told = routes.filter((r) => r.query?.some((p) => p.name === 'sort')).map((r) => r.path);
  expect([...lists.keys()].toSorted()).toEqual(told.toSorted());
});

test('every list has something to be sorted by', () => {
  for (const [path, { entity, rules }] of lists) {
    for (const rule of rules) {
      expect(
        combinationsOf(entity, rule).map((c) => c.sort),
        path,
      ).toContain('createdAt');
    }
  }
});
