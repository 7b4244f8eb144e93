/** Whether a value is a map. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads the value at a path of a document, if there is one. */
export function pickAt(value: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>((node, key) => (isRecord(node) ? node[key] : undefined), value);
}

/** Reads a map; anything else is an empty one. */
export function readMap(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

/** Reads a list; a single value is a list of one, an absent value an empty list. */
export function readList(value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

/** Reads a string, number or boolean as text; anything else is the fallback. */
export function readText(value: unknown, fallback = ''): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : fallback;
}

/** Reads a number; anything else is the fallback. */
export function readNumber(value: unknown, fallback: number): number {
  const found = Number(value ?? Number.NaN);
  return Number.isFinite(found) ? found : fallback;
}

/** Reads the logical id that `Fn::GetAtt` or `Ref` names, or the name at the end of an ARN. */
export function readReference(value: unknown): string {
  const target = pickAt(value, 'Fn::GetAtt') ?? pickAt(value, 'Ref') ?? value;
  const name = readText(Array.isArray(target) ? target[0] : target);
  return name.startsWith('arn:')
    ? name.slice(name.lastIndexOf(':') + 1)
    : (name.split('.')[0] ?? '');
}
