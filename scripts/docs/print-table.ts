import { countParts } from './data-model.ts';
import { type Domain, findServed } from './registry.ts';
import { findTests, type Test } from './tests.ts';

/**
 * Makes a table of every entity with its route and the numbers of its fields, references, indexes
 * and tests.
 */
export function makeEntityTable(domains: Domain[], tests: Test[]): string {
  const head = ['domain', 'entity', 'route', 'fields', 'references', 'indexes', 'tests'];
  const rows = domains.flatMap(({ name, entities }) =>
    entities.map((entity) => [
      name,
      entity.name,
      findServed(entity)[0]?.path ?? '-',
      ...countParts(entity),
      String(findTests(entity, tests).length),
    ]),
  );
  const sum = (column: number) => String(rows.reduce((n, row) => n + Number(row[column]), 0));
  const routes = rows.filter(([, , route]) => route !== '-').length;
  const foot = ['', `${rows.length}`, `${routes}`, sum(3), sum(4), sum(5), sum(6)];
  return alignColumns([head, ...rows, foot]);
}

function alignColumns(rows: string[][]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  const isNumber = (column: number) => column > 2;
  return rows
    .map((row) =>
      row
        .map((cell, i) => {
          const width = widths[i] as number;
          return isNumber(i) ? cell.padStart(width) : cell.padEnd(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
