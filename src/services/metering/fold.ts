import type { Histogram } from 'hdr-histogram-js';
import { canonicalJson } from '../../canonical-json.ts';
import { idText, type UUID } from '../../data/ids.ts';
import type { MeteringFactDoc } from '../../models/metering/metering-fact.ts';
import type { StatDoc } from '../../models/metering/stat.ts';
import { addStored, addValue, createDigest } from './digest.ts';
import { findMetric } from './metrics.ts';

/** A metric of somebody, or of the whole app, over a period: what becomes a stat. */
export interface Total {
  user?: UUID;
  at: Date;
  metric: string;
  dimensions: object;
  count: number;
  sum: number;
  min: number;
  max: number;
  digest?: Histogram;
}

/** Totals by whose they are, when, and of what. */
export type Totals = Map<string, Total>;

type Subject = Pick<Total, 'user' | 'at' | 'metric' | 'dimensions'>;

/** Adds all amounts of a fact. @param to whose total it is, and of which period */
export function addFact(
  totals: Totals,
  to: Pick<Total, 'user' | 'at'>,
  { amounts }: Pick<MeteringFactDoc, 'amounts'>,
): void {
  for (const { metric, dimensions, amount, values, counts } of amounts) {
    const total = findTotal(totals, { ...to, metric, dimensions: dimensions as object });
    // What a process has counted before it wrote it, or a single amount.
    const [all, times] = values?.length ? [values, counts ?? []] : [[amount], [1]];
    total.sum += amount;
    for (const [i, value] of all.entries()) {
      const count = times[i] ?? 1;
      total.count += count;
      total.min = Math.min(total.min, value);
      total.max = Math.max(total.max, value);
      if (total.digest) addValue(total.digest, value, count);
    }
  }
}

/** Adds a stat to one of a longer period, or of the whole app. */
export function addStat(totals: Totals, to: Pick<Total, 'user' | 'at'>, stat: StatDoc): void {
  const { metric, dimensions, count, sum, min, max, digest } = stat;
  const total = findTotal(totals, { ...to, metric, dimensions: dimensions as object });
  total.count += count;
  total.sum += sum;
  total.min = Math.min(total.min, min ?? total.min);
  total.max = Math.max(total.max, max ?? total.max);
  // The driver reads bytes as a Binary.
  if (total.digest && digest) addStored(total.digest, readBytes(digest));
}

function findTotal(totals: Totals, subject: Subject): Total {
  const { user, at, metric, dimensions } = subject;
  const key = `${user ? idText(user) : ''} ${at.getTime()} ${metric} ${canonicalJson(dimensions)}`;
  const found = totals.get(key);
  if (found) return found;
  const none = { count: 0, sum: 0, min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY };
  const isMeasured = findMetric(metric)?.isMeasured;
  const made = { ...subject, ...none, ...(isMeasured && { digest: createDigest() }) };
  totals.set(key, made);
  return made;
}

function readBytes(stored: unknown): Uint8Array {
  return stored instanceof Uint8Array ? stored : (stored as { buffer: Uint8Array }).buffer;
}
