import '../harness/place.ts';
import { expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { newId, UUID } from '../../src/data/ids.ts';
import { insertFacts } from '../../src/services/metering/insert-facts.ts';
import { rollUp } from '../../src/services/metering/roll-up.ts';
import { type Doc, given, type Person } from '../harness/given.ts';
import { place } from '../harness/place.ts';

place({ worker: false });

const ctx = systemCtx('test');

/** Somebody with exports on three days, the second of them twice. */
async function exporter(): Promise<Person> {
  const alice = await given.user();
  const made = (day: string) => ({
    ...{ _id: newId(Date.parse(day)), user: new UUID(alice.id), at: new Date(day) },
    amounts: [{ metric: 'exports', amount: 1 } as const],
  });
  const then = { ...ctx, clock: () => Date.UTC(2026, 4, 10) };
  await insertFacts(
    then,
    ['2026-05-01T10:00Z', '2026-05-02T10:00Z', '2026-05-02T23:59Z', '2026-05-03T00:00Z'].map(made),
  );
  await rollUp(ctx, () => 600_000);
  return alice;
}

test('a span of stats is asked for by from and to, days unless said otherwise', async () => {
  const alice = await exporter();
  const sums = async (query: string) =>
    (await alice.get<{ data: Doc[] }>(`/v1/stats?${query}`)).body.data.map((d) => d.sum);
  expect(await sums('metric=exports')).toEqual([1, 2, 1]);
  expect(await sums('metric=exports&from=2026-05-02')).toEqual([1, 2]);
  expect(await sums('metric=exports&from=2026-05-02&to=2026-05-03')).toEqual([2]);
  expect(await sums('metric=exports&period=MONTH')).toEqual([4]);
  expect(await sums('period=HOUR&from=2026-05-02&to=2026-05-03&sort=at')).toEqual([1, 1]);
});

test('what a span cannot say is refused, and named', async () => {
  const alice = await given.user();
  for (const [query, path] of [
    ['from=yesterday', 'at[gte]'],
    ['from=2026-05-01&at[gte]=2026-05-01', 'from'],
    ['to=2026-05-01&at[lt]=2026-05-01', 'to'],
  ]) {
    const answer = await alice.get<{ errors: { path: string }[] }>(`/v1/stats?${query}`);
    expect(answer).toMatchObject({ status: 400, body: { code: 'INVALID_QUERY' } });
    expect(answer.body.errors[0]?.path).toBe(path);
  }
});

test('stats come as a table where CSV is preferred', async () => {
  const alice = await exporter();
  const csv = { accept: 'text/csv' };
  const { headers, text } = await alice.get('/v1/stats?metric=exports', csv);
  expect(headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
  expect(text.split('\r\n')).toEqual([
    'period,at,metric,dimensions,count,sum,min,max,p50,p95',
    'DAY,2026-05-03T00:00:00.000Z,exports,,1,1,1,1,,',
    'DAY,2026-05-02T00:00:00.000Z,exports,,2,2,1,1,,',
    'DAY,2026-05-01T00:00:00.000Z,exports,,1,1,1,1,,',
    '',
  ]);
  const both = { accept: 'text/csv;q=0.5, application/json' };
  const preferred = await alice.get('/v1/stats?metric=exports', both);
  expect(preferred.headers.get('content-type')).toBe('application/json');
});

test('days of a time zone are made of their hours, percentiles, too', async () => {
  const alice = await exporter();
  const days = async (timeZone: string, whose = alice) => {
    const span = 'metric=exports&from=2026-05-01&to=2026-05-04';
    const path = `/v1/stats/days?${span}&timeZone=${timeZone}`;
    const { body } = await whose.get<{ data: { date: string; sum: number }[] }>(path);
    return body.data.map(({ date, sum }) => [date.slice(-2), sum]);
  };
  // 1st 10:00, 2nd 10:00 and 23:59, 3rd 00:00, by UTC.
  expect(await days('UTC')).toEqual([
    ['01', 1],
    ['02', 2],
    ['03', 1],
  ]);
  expect(await days('Europe/Berlin')).toEqual([
    ['01', 1],
    ['02', 1],
    ['03', 2],
  ]);
  expect(await days('America/New_York')).toEqual([
    ['01', 1],
    ['02', 3],
  ]);
  expect(await days('Pacific/Auckland')).toEqual([
    ['01', 1],
    ['02', 1],
    ['03', 2],
  ]);
  expect(await days('UTC', await given.user())).toEqual([]);
});

test('what is no time zone, day or metric is refused, all of it at once', async () => {
  const alice = await given.user();
  const bad = 'metric=wishes&timeZone=Mars/Base&from=2026-02-30&to=soon';
  const { status, body } = await alice.get<{ errors: { path: string }[] }>(`/v1/stats/days?${bad}`);
  const paths = body.errors.map(({ path }) => path);
  expect([status, paths]).toEqual([400, ['metric', 'timeZone', 'from', 'to']]);
  const long = 'metric=exports&from=2026-01-01&to=2026-05-01';
  const answer = await alice.get(`/v1/stats/days?${long}`);
  expect(answer).toMatchObject({ status: 400, body: { errors: [{ path: 'to' }] } });
  expect((await alice.get('/v1/admin/stats/days')).status).toBe(403);
});
