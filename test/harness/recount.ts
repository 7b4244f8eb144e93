import { idText, type UUID } from '../../src/data/ids.ts';
import { MeteringFact, type MeteringFactDoc } from '../../src/models/metering/metering-fact.ts';
import { Stat, type StatDoc } from '../../src/models/metering/stat.ts';

interface Counted {
  count: number;
  sum: number;
  values: number[];
}

/** Metrics that count people, and not amounts. */
const PEOPLE = new Set(['users.active', 'users.retained']);
const MEASURED = /^(jobs\.(wait|run)|calls\.time)$/;

/**
 * Compares all stats with the facts, counted by the test itself: each hour, day and month, of each user and of the
 * whole app. @returns what differs, in words
 */
export async function compareStats(): Promise<string[]> {
  const expected = new Map<string, Counted>();
  for await (const fact of MeteringFact.collection.find<MeteringFactDoc>({})) {
    const { user, hour, amounts } = fact;
    const day = hour.toISOString().slice(0, 10);
    const starts = {
      HOUR: hour.toISOString(),
      DAY: midnight(day),
      MONTH: midnight(`${day.slice(0, 7)}-01`),
    };
    for (const [period, at] of Object.entries(starts)) {
      for (const owner of user ? [idText(user as UUID), 'app'] : ['app']) {
        for (const one of amounts) {
          const key = `${owner} ${period} ${at} ${one.metric} ${JSON.stringify(one.dimensions)}`;
          const counted = expected.get(key) ?? { count: 0, sum: 0, values: [] };
          const values = one.values?.flatMap((v, i) => Array(one.counts?.[i] ?? 1).fill(v));
          counted.values.push(...(values?.length ? values : [one.amount]));
          counted.count = counted.values.length;
          counted.sum += one.amount;
          expected.set(key, counted);
        }
      }
    }
  }
  const faults: string[] = [];
  for await (const stat of Stat.collection.find<StatDoc>({})) {
    const { user, period, at, metric, dimensions } = stat;
    if (PEOPLE.has(metric)) continue;
    const owner = user ? idText(user) : 'app';
    const key = `${owner} ${period} ${at.toISOString()} ${metric} ${JSON.stringify(dimensions)}`;
    const counted = expected.get(key);
    if (!counted) faults.push(`${key}: no fact says so`);
    else faults.push(...differences(stat, counted).map((fault) => `${key}: ${fault}`));
    expected.delete(key);
  }
  return [...faults, ...[...expected.keys()].map((key) => `${key}: there is no stat`)];
}

function differences(stat: StatDoc, { count, sum, values }: Counted): string[] {
  const sorted = values.toSorted((a, b) => a - b);
  const faults: string[] = [];
  const same = (name: string, is: number | null | undefined, should: number, share = 1e-9) => {
    const apart = Math.abs((is ?? Number.NaN) - should);
    if (!(apart <= Math.abs(should) * share + 1e-9)) faults.push(`${name} is ${is}, not ${should}`);
  };
  same('count', stat.count, count);
  same('sum', stat.sum, sum);
  same('min', stat.min, sorted[0] as number);
  same('max', stat.max, sorted.at(-1) as number);
  if (!MEASURED.test(stat.metric)) return faults;
  // The nearest rank, as exact as two digits.
  const rank = (q: number) => sorted[Math.ceil(q * count) - 1] as number;
  same('p50', stat.p50, rank(0.5), 0.01);
  same('p95', stat.p95, rank(0.95), 0.01);
  return faults;
}

function midnight(day: string): string {
  return `${day}T00:00:00.000Z`;
}
