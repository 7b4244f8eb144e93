import type { Parameter, Route } from '../../api/http/route.ts';
import { applyRule } from '../../api/resource/verbs.ts';
import { readIsoDate } from '../../data/iso-dates.ts';
import { type Fault, invalidQuery } from '../../errors.ts';
import type { Rule } from '../../rules.ts';
import { findMetric, METRICS } from '../../services/metering/metrics.ts';
import { countDays } from '../../services/metering/periods.ts';
import type { AskedDays } from '../../services/metering/sum-days.ts';

const MOST_DAYS = 92;

const date = { type: 'string', format: 'date' };
const QUERY: Parameter[] = [
  {
    name: 'metric',
    description: 'The metric.',
    required: true,
    example: 'exports',
    schema: { type: 'string', enum: Object.keys(METRICS) },
  },
  {
    name: 'timeZone',
    description: 'The time zone that the days are of: `Europe/Berlin`.',
    schema: { type: 'string', default: 'UTC' },
  },
  {
    name: 'from',
    description: 'The first day.',
    schema: date,
    required: true,
    example: '2026-11-01',
  },
  {
    name: 'to',
    description: `The day after the last, at most ${MOST_DAYS} later.`,
    schema: date,
    required: true,
    example: '2026-11-08',
  },
];

const number = { type: 'number' };
const daysSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['data'],
  properties: {
    data: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['date', 'dimensions', 'count', 'sum', 'min', 'max'],
        properties: {
          ...{ date, dimensions: { type: 'object' }, count: { type: 'integer' } },
          ...{ sum: number, min: number, max: number, p50: number, p95: number },
        },
      },
    },
  },
};

/** The stats of the days of a time zone, which are added up of their hours. */
export function daysRoute(path: string, id: string, whose: Rule, access: Route['access']): Route {
  return {
    method: 'GET',
    path,
    id,
    summary: 'Add a metric up to days of a time zone.',
    tag: 'Stats',
    access,
    query: QUERY,
    success: { 200: { description: 'The days that have any, in order.', schema: daysSchema } },
    handle: async (ctx, { query }) => {
      const asked = readDays(query);
      // Histograms are read by no other route of this function.
      const { sumDays } = await import('../../services/metering/sum-days.ts');
      const data = await sumDays(ctx, applyRule(whose, ctx.actor), asked);
      return { status: 200, json: { data } };
    },
  };
}

function readDays(query: ReadonlyMap<string, string>): AskedDays {
  const faults: Fault[] = [];
  const metric = query.get('metric') ?? '';
  if (!findMetric(metric)) {
    faults.push({ path: 'metric', message: `must be one of ${Object.keys(METRICS).join(', ')}` });
  }
  const timeZone = query.get('timeZone') ?? 'UTC';
  if (!isTimeZone(timeZone)) {
    faults.push({ path: 'timeZone', message: 'must be a time zone of IANA: Europe/Berlin' });
  }
  const from = readDay(query, 'from', faults);
  const to = readDay(query, 'to', faults);
  const days = from && to ? countDays(from, to) : 1;
  if (days < 1 || days > MOST_DAYS) {
    faults.push({ path: 'to', message: `must be 1 to ${MOST_DAYS} days after from` });
  }
  if (!from || !to || faults.length > 0) throw invalidQuery(faults);
  return { metric, timeZone, from, to };
}

function readDay(
  query: ReadonlyMap<string, string>,
  path: string,
  faults: Fault[],
): Date | undefined {
  const text = query.get(path) ?? '';
  const day = /^\d{4}-\d\d-\d\d$/.test(text) ? readIsoDate(text) : undefined;
  if (!day) faults.push({ path, message: 'must be a day: 2026-11-29' });
  return day;
}

function isTimeZone(timeZone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone !== '';
  } catch {
    return false; // RangeError: it knows none of that name
  }
}
