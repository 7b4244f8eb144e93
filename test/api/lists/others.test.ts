import '../../harness/place.ts';
import { expect, test } from 'vitest';
import { listCombinations } from '../../../src/api/resource/list.ts';
import { routes } from '../../harness/operations.ts';
import { allOtherListsAreCheap, lists } from './costs.ts';

allOtherListsAreCheap();

test('every list of the API is tested here', () => {
  const told = routes.filter((r) => r.query?.some((p) => p.name === 'sort')).map((r) => r.path);
  expect([...lists.keys()].toSorted()).toEqual(told.toSorted());
});

test('every list can be sorted by its time of creation', () => {
  for (const [path, { entity, rules }] of lists) {
    for (const rule of rules) {
      expect(
        listCombinations(entity, rule).map((c) => c.sort),
        path,
      ).toContain('createdAt');
    }
  }
});
