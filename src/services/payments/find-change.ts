export type Values = Record<string, unknown>;

/** What of these values a document does not have yet; undefined, and so no audit entry, where it has all. */
export function findChange(
  document: object,
  values: Values,
): { set: Values; unset: string[] } | undefined {
  const before = document as Values;
  const changed = Object.entries(values).filter(([path, to]) => !isSame(before[path], to));
  if (changed.length === 0) return undefined;
  return {
    set: Object.fromEntries(changed.filter(([, to]) => to !== undefined)),
    unset: changed.filter(([, to]) => to === undefined).map(([path]) => path),
  };
}

function isSame(before: unknown, after: unknown): boolean {
  return JSON.stringify(before ?? null) === JSON.stringify(after ?? null);
}
