import type { Rotated, Shown } from './rotation.ts';

const MINUTE = 60_000;
const UNITS: [string, number][] = [
  ['days', 24 * 60 * MINUTE],
  ['hours', 60 * MINUTE],
  ['minutes', MINUTE],
];

/** The keys of a list as lines: their names, states and ages. */
export function formatKeys(of: Rotated, keys: Shown[], now: number): string {
  const width = Math.max(...keys.map(({ name }) => name.length));
  const lines = keys.map((key) => `  ${key.name.padEnd(width)}  ${describe(key, now)}`);
  return [of, ...lines].join('\n');
}

function describe({ state, usedFrom, until }: Shown, now: number): string {
  if (usedFrom === undefined) return `${state}, from the beginning${tellEnd(until, now)}`;
  const date = new Date(usedFrom).toISOString();
  if (usedFrom > now) return `${state}, is used from ${date} on, in ${formatTime(usedFrom - now)}`;
  return `${state}, since ${date}, ${formatTime(now - usedFrom)} ago${tellEnd(until, now)}`;
}

function tellEnd(until: number | undefined, now: number): string {
  if (until === undefined) return '';
  return until === Number.POSITIVE_INFINITY
    ? ', and is never retired'
    : `, is retired in ${formatTime(until - now)}`;
}

function formatTime(ms: number): string {
  const [unit, length] = UNITS.find(([, size]) => ms >= 2 * size) ?? ['minutes', MINUTE];
  return `${Math.round(ms / length)} ${unit}`;
}
