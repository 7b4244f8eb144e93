import { Refusal } from '../refusal.ts';

/** When a schedule fires: every so many seconds, or by a pattern that croner reads, in UTC. */
export type Timing = { every: number } | { pattern: string };

const units: Record<string, number> = { minute: 60, hour: 3600, day: 86_400 };

/** Reads EventBridge's `rate(5 minutes)` and `cron(0 4 ? * MON-FRI *)`. */
export function readExpression(expression: string): Timing {
  const rate = /^rate\(\s*(\d+)\s+(minute|hour|day)s?\s*\)$/.exec(expression);
  if (rate?.[1] && rate[2]) return { every: Number(rate[1]) * (units[rate[2]] ?? 60) };
  const fields = /^cron\((.*)\)$/.exec(expression)?.[1]?.trim().split(/\s+/);
  if (fields?.length !== 6)
    throw new Refusal(`"${expression}" is not a schedule: use rate(…) or cron(…).`);
  // EventBridge requires a `?` in one of the two day fields, which croner would read as the current
  // day.
  return { pattern: ['0', ...fields.map((field) => (field === '?' ? '*' : field))].join(' ') };
}
