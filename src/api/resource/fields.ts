import type { Entity } from '../../data/entity.ts';
import { showsSealed } from '../../data/sealed.ts';
import { answeredAs } from '../json/output.ts';
import { badQuery } from './list.ts';

/** Reads `?fields=id,name`. Returns the names, or undefined for all. @throws AppError INVALID_QUERY */
export function readFields(entity: Entity, text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined;
  const names = text.split(',');
  const known = answered(entity);
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw badQuery([{ path: 'fields', message: `there is no ${unknown.join(', ')}` }]);
  }
  return ['id', ...names.filter((n) => n !== 'id')];
}

/** By which name clients know which stored field. */
export function answered(entity: Entity): Map<string, string> {
  const shown = Object.entries(entity.shape.fields).filter(([, field]) => !field.hidden);
  return new Map(shown.map(([name]) => [answeredAs(entity, name), name]));
}

/** The projection that reads these fields, and what ETags need. */
export function projectionOf(entity: Entity, fields: string[]): Record<string, 1> {
  const unversioned = entity.options.unversioned ?? [];
  const stored = answered(entity);
  const names = [
    ...fields.flatMap((n) => stored.get(n) ?? []),
    'version',
    'createdAt',
    ...(showsSealed(entity) ? ['user'] : []),
    ...unversioned,
  ];
  return Object.fromEntries(names.map((n) => [n, 1]));
}
