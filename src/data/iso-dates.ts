const FORM = /^(\d{4})-(\d\d)-(\d\d)(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/;

/**
 * The time that an ISO 8601 text says; undefined when it has another form, or no such day exists:
 * JavaScript reads `2026-02-30` as a day of March.
 */
export function readIsoDate(text: string): Date | undefined {
  const [, year, month, day] = FORM.exec(text) ?? [];
  if (!day) return undefined;
  const date = new Date(text);
  const midnight = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  midnight.setUTCFullYear(Number(year));
  return Number.isNaN(date.getTime()) || midnight.getUTCDate() !== Number(day) ? undefined : date;
}
