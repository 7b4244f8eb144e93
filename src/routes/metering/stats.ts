import { CSV_TYPE } from '../../api/csv.ts';
import { chooseType } from '../../api/http/accept.ts';
import { addLazyParts, type Parameter, type Route } from '../../api/http/route.ts';
import { listRoute } from '../../api/resource/list-routes.ts';
import { list } from '../../api/resource/verbs.ts';
import { type Fault, invalidQuery } from '../../errors.ts';
import { Stat } from '../../models/metering/stat.ts';
import { owner, type Rule } from '../../rules.ts';
import { daysRoute } from './days.ts';
import { answerStatsCsv } from './stats-csv.ts';

/** What is counted over all users, for admins. */
const wholeApp: Rule = (actor) =>
  // One range of the index, where null would be two: null, and what is not there.
  actor.kind === 'ADMIN' ? { user: { $exists: false } } : undefined;

const time = { type: 'string', format: 'date-time' };
const SPAN: Parameter[] = [
  { name: 'from', description: 'Periods that begin then or later.', schema: time },
  { name: 'to', description: 'Periods that begin before that.', schema: time },
];

/** Activity and usage, as the roll-ups say: one's own, and the app's. */
export const statRoutes: Route[] = [
  statsRoute('/v1/stats', owner),
  Object.assign(statsRoute('/v1/admin/stats', wholeApp), {
    id: 'listAppStats',
    summary: 'List the stats of the whole app, newest first.',
  }),
  daysRoute('/v1/stats/days', 'sumStatDays', owner, 'user'),
  daysRoute('/v1/admin/stats/days', 'sumAppStatDays', wholeApp, 'admin'),
];

function statsRoute(path: string, read: Rule): Route {
  const options = { path, can: { read } };
  const route = listRoute(Stat, options);
  const json = route.success[200];
  // The parameters are made at their first use.
  const parameters = Object.getOwnPropertyDescriptor(route, 'query')?.get as () => Parameter[];
  addLazyParts(route, { query: () => [...parameters(), ...SPAN] });
  return Object.assign(route, {
    success: {
      200: { ...json, description: 'A page; with `Accept: text/csv` a table.', others: [CSV_TYPE] },
    },
    handle: async (ctx, { query, accept }) => {
      const asked = readSpan(query);
      const isCsv = chooseType(accept, ['application/json', CSV_TYPE]) === CSV_TYPE;
      return isCsv ? answerStatsCsv(ctx, read, asked) : list(ctx, Stat, options, asked);
    },
  } satisfies Partial<Route>);
}

const FILTERS = ['metric', 'period', 'from', 'to'];

/**
 * The query of the list behind it: `from` and `to` are a range of `at`. Who filters and does not say how to sort
 * sees the newest periods first, and days unless he says otherwise.
 */
function readSpan(query: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  if (!FILTERS.some((name) => query.has(name))) return query;
  const asked = new Map([...query].filter(([name]) => name !== 'from' && name !== 'to'));
  const faults: Fault[] = [];
  for (const [name, bound] of [
    ['from', 'at[gte]'],
    ['to', 'at[lt]'],
  ] as const) {
    const value = query.get(name);
    if (value === undefined) continue;
    if (query.has(bound)) faults.push({ path: name, message: `says the same as ${bound}` });
    asked.set(bound, value);
  }
  if (faults.length > 0) throw invalidQuery(faults);
  if (!query.has('sort')) asked.set('sort', '-at');
  if (!query.has('period') && !query.has('period[in]')) asked.set('period', 'DAY');
  return asked;
}
