import '../../harness/place.ts';
import { describe, expect, test } from 'vitest';
import { combinationsOf, compileList } from '../../../src/api/list.ts';
import { resources } from '../../../src/api/registry.ts';
import { filtersOf } from '../../../src/api/rules.ts';
import type { Entity } from '../../../src/data/entity.ts';
import { newId } from '../../../src/data/ids.ts';
import type { TypedFilter } from '../../../src/data/read.ts';
import { User } from '../../../src/models/account/user.ts';

const id = newId(Date.now());
const lists: [string, Entity, TypedFilter][] = resources.flatMap(({ entity, options }) =>
  filtersOf(options.can.read).map((rule): [string, Entity, TypedFilter] => [
    `${options.path} ${JSON.stringify(rule)}`,
    entity,
    rule,
  ]),
);
lists.push(['/v1/users', User as Entity, {}]);

/** A value that a filter or a position of this field may have. */
function sample(entity: Entity, name: string): { text: string; value: unknown } {
  const shape = entity.shape.fields[name]?.shape;
  if (shape?.kind === 'id') return { text: id.toString(), value: id };
  if (shape?.kind === 'date') return { text: '2026-01-01', value: new Date('2026-01-01') };
  const text = (shape?.kind === 'string' && shape.enum?.[0]) || 'text';
  return { text, value: text };
}

/** Every stage of the plan that MongoDB would follow. */
async function stages(entity: Entity, query: ReadonlyMap<string, string>, rule: object) {
  const { filter, sort, limit } = compileList(entity, { ...rule }, query);
  const plan = await entity.collection.find(filter, { sort, limit }).explain('queryPlanner');
  const text = JSON.stringify(plan.queryPlanner.winningPlan);
  return [...text.matchAll(/"stage":"(\w+)"/g)].map(([, stage]) => stage);
}

describe.each(lists)('a list of %s', (_name, entity, rule) => {
  const cases = combinationsOf(entity, rule).flatMap(({ equals, sort }) =>
    ['', '-'].map((minus) => ({ equals, sort, minus })),
  );

  test.each(cases)(
    'is read off an index: $equals by $minus$sort',
    async ({ equals, sort, minus }) => {
      const { text, value } = sample(entity, sort);
      const one = equals.map((name): [string, string] => [name, sample(entity, name).text]);
      const some = one.map(([name, t]): [string, string] => [`${name}[in]`, `${t},${t}`]);
      const ranges: [string, string][][] = [[], [[`${sort}[gte]`, text]], [[`${sort}[lt]`, text]]];
      for (const filters of equals.length > 0 ? [one, some] : [one]) {
        for (const range of ranges) {
          const query = new Map([...filters, ...range, ['sort', `${minus}${sort}`] as const]);
          const cursor = compileList(entity, rule, query).cursorAfter({ [sort]: value, _id: id });
          for (const page of [query, new Map([...query, ['cursor', cursor] as const])]) {
            const found = await stages(entity, page, rule);
            expect(found.length).toBeGreaterThan(0);
            // SORT_MERGE merges what indexes have in order; SORT would hold all of it in memory.
            expect(found, [...page].join(' ')).not.toContain('COLLSCAN');
            expect(found, [...page].join(' ')).not.toContain('SORT');
          }
        }
      }
    },
  );
});

test('every list has something to be sorted by', () => {
  for (const [name, entity, rule] of lists) {
    expect(
      combinationsOf(entity, rule).map((c) => c.sort),
      name,
    ).toContain('createdAt');
  }
});
