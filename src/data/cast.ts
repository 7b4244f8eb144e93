import { UUID } from './ids.ts';
import { listStoredNames, type ObjectShape, type Shape } from './shape.ts';

/**
 * Converts JSON that joi has validated to what is stored: ids to UUIDs, times to dates. Null stays
 * null.
 */
export function cast(shape: Shape, value: unknown): unknown {
  if (value === null || value === undefined) return value;
  switch (shape.kind) {
    case 'id':
      return typeof value === 'string' ? new UUID(value) : value;
    case 'date':
      return value instanceof Date ? value : new Date(value as string);
    case 'array':
      return (value as unknown[]).map((item) => cast(shape.items, item));
    case 'map':
      return mapValues(value as object, (v) => cast(shape.values, v));
    case 'encrypted':
      return cast(shape.inner, value);
    case 'object':
      return castObject(shape, value as Record<string, unknown>);
    default:
      return value;
  }
}

/**
 * Converts the fields of an object, and renames those that are stored under another name. Fields
 * that the shape does not know are left as they are.
 */
export function castObject(
  shape: ObjectShape,
  value: Record<string, unknown>,
): Record<string, unknown> {
  const names = listStoredNames(shape);
  return Object.fromEntries(
    Object.entries(value).map(([name, v]) => {
      const stored = names.get(name) ?? name;
      const field = shape.fields[stored];
      return [stored, field ? cast(field.shape, v) : v];
    }),
  );
}

export function mapValues(object: object, change: (value: unknown) => unknown) {
  return Object.fromEntries(Object.entries(object).map(([k, v]) => [k, change(v)]));
}
