/** The periods that stats are kept of, each made of the one before. All begin by UTC. */
export type Period = 'HOUR' | 'DAY' | 'MONTH';

/** In ms. */
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** When the period begins that a time is in. */
export function startOf(period: Period, at: Date): Date {
  const [year, month, day, hour] = [
    at.getUTCFullYear(),
    at.getUTCMonth(),
    at.getUTCDate(),
    at.getUTCHours(),
  ];
  if (period === 'MONTH') return new Date(Date.UTC(year, month));
  return new Date(Date.UTC(year, month, day, period === 'HOUR' ? hour : 0));
}

/** When the period after the one that begins then begins. */
export function endOf(period: Period, start: Date): Date {
  if (period === 'MONTH')
    return new Date(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + 1));
  return new Date(start.getTime() + (period === 'HOUR' ? HOUR : DAY));
}

/** Counts the days from one midnight to another. */
export function countDays(from: Date, to: Date): number {
  return (to.getTime() - from.getTime()) / DAY;
}
