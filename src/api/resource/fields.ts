import { showsEncrypted } from '../../data/encrypted-fields.ts';
import type { Entity } from '../../data/entity.ts';
import { listStoredNames } from '../../data/shape.ts';
import { invalidQuery } from '../../errors.ts';

/**
 * Reads `?fields=id,name`. Returns the names, or undefined for all.
 * @throws AppError INVALID_QUERY
 */
export function readFields(entity: Entity, text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined;
  const names = text.split(',');
  const known = listStoredNames(entity.shape);
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw invalidQuery([{ path: 'fields', message: `there is no ${unknown.join(', ')}` }]);
  }
  return ['id', ...names.filter((n) => n !== 'id')];
}

/** Makes the projection that reads these fields, and those that ETags need. */
export function makeProjection(entity: Entity, fields: string[]): Record<string, 1> {
  const unversioned = entity.options.unversioned ?? [];
  const stored = listStoredNames(entity.shape);
  const names = [
    ...fields.flatMap((n) => stored.get(n) ?? []),
    'version',
    'createdAt',
    ...(showsEncrypted(entity) ? ['user'] : []),
    ...unversioned,
  ];
  return Object.fromEntries(names.map((n) => [n, 1]));
}
