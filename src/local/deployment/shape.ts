/** Whether a value of a document is a map. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a path of a document, if there is one. */
export function at(value: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>((node, key) => (isRecord(node) ? node[key] : undefined), value);
}

/** The value as a map, an empty one where it is none. */
export function record(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

/** The value as a list, of one where it is no list, of none where it is absent. */
export function list(value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

/** The value as a string, or the fallback where it is no plain value. */
export function text(value: unknown, fallback = ''): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : fallback;
}

/** The value as a number, or the fallback where it says none. */
export function number(value: unknown, fallback: number): number {
  const found = Number(value ?? Number.NaN);
  return Number.isFinite(found) ? found : fallback;
}

/** The logical id that `Fn::GetAtt` or `Ref` points to, or the name at the end of an ARN. */
export function reference(value: unknown): string {
  const target = at(value, 'Fn::GetAtt') ?? at(value, 'Ref') ?? value;
  const name = text(Array.isArray(target) ? target[0] : target);
  return name.startsWith('arn:')
    ? name.slice(name.lastIndexOf(':') + 1)
    : (name.split('.')[0] ?? '');
}
