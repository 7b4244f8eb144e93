import { CSV_TYPE, writeCsv } from '../../api/csv.ts';
import type { Reply } from '../../api/http/route.ts';
import { compileList } from '../../api/resource/list.ts';
import { applyRule } from '../../api/resource/verbs.ts';
import type { Ctx } from '../../context.ts';
import { findMany } from '../../data/read.ts';
import { type Fault, invalidQuery } from '../../errors.ts';
import { Stat } from '../../models/metering/stat.ts';
import type { Rule } from '../../rules.ts';

/** The most rows of one answer. */
const MOST_ROWS = 10_000;

const HEADS = [
  ...['period', 'at', 'metric', 'dimensions', 'count', 'sum', 'min', 'max'],
  ...['p50', 'p95'],
];

/** Answers stats as a table, up to 10,000 rows at once; `Link` has the address of what comes after. */
export async function answerStatsCsv(
  ctx: Ctx,
  rule: Rule,
  query: ReadonlyMap<string, string>,
): Promise<Reply> {
  const faults: Fault[] = ['fields', 'limit']
    .filter((name) => query.has(name))
    .map((path) => ({ path, message: 'does not apply to CSV, which has all' }));
  if (faults.length > 0) throw invalidQuery(faults);
  const compiled = compileList(Stat, applyRule(rule, ctx.actor), query);
  const { filter, sort, hint } = compiled;
  const options = { sort, limit: MOST_ROWS + 1, ...(hint && { hint }) };
  const found = await findMany(ctx, Stat, filter, options);
  const rows = found.slice(0, MOST_ROWS);
  const last = rows.at(-1);
  const next = found.length > MOST_ROWS && last ? compiled.cursorAfter(last) : undefined;
  const body = writeCsv(
    HEADS,
    rows.map(({ period, at, metric, dimensions, count, sum, min, max, p50, p95 }) => [
      ...[period, at, metric, writeDimensions(dimensions as object), count, sum],
      ...[min, max, p50, p95],
    ]),
  );
  return {
    status: 200,
    body,
    headers: {
      'content-type': `${CSV_TYPE}; charset=utf-8; header=present`,
      'content-disposition': 'attachment; filename="stats.csv"',
      vary: 'accept',
      ...(next && { link: `<?${writeQuery(query, next)}>; rel="next"` }),
    },
  };
}

function writeDimensions(dimensions: object): string {
  return Object.entries(dimensions)
    .map(([name, value]) => `${name}=${value}`)
    .join('; ');
}

function writeQuery(query: ReadonlyMap<string, string>, cursor: string): URLSearchParams {
  return new URLSearchParams([...new Map([...query, ['cursor', cursor]])]);
}
