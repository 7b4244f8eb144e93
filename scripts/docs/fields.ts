import type { Entity } from '../../src/data/entity.ts';
import type { Field, ObjectShape, Shape } from '../../src/data/shape.ts';
import { code, linkTo, list } from './markdown.ts';

/** What every document has; it is told once, above all entities. */
export const COMMON = ['_id', 'user', 'createdAt', 'updatedAt', 'version', 'outbox', 'removing'];

/** The rows of an entity's fields: name, type, whether it is required, who writes it, what it is. */
export function fieldRows(entity: Entity, isWrittenByClients: boolean): string[][] {
  const own = Object.entries(entity.shape.fields).filter(([name]) => !COMMON.includes(name));
  return own.flatMap(([name, field]) => {
    const server = !isWrittenByClients || field.server || field.hidden;
    const writer = `${server ? 'server' : 'client'}${field.immutable ? ', once' : ''}`;
    return rows(field.publicName, field, writer, remarks(entity, name, field));
  });
}

/** How many fields an entity has, those of every document apart. */
export function countFields({ shape }: Entity): number {
  return Object.keys(shape.fields).filter((name) => !COMMON.includes(name)).length;
}

function rows(name: string, field: Field, writer: string, remarks: string[]): string[][] {
  const told = [field.description, ...remarks].filter((it) => it !== undefined);
  const required = field.required ? 'yes' : '';
  const own = [code(name), typeOf(field.shape), required, writer, told.join(' ')];
  return [own, ...insideOf(field.shape, name)];
}

/** The fields of an object in a document, or of the objects in a list of it. */
function insideOf(shape: Shape, name: string): string[][] {
  if (shape.kind === 'encrypted') return insideOf(shape.inner, name);
  const [inner, path] =
    shape.kind === 'array' ? [shape.items, `${name}[]`] : ([shape, name] as const);
  if (inner.kind !== 'object') return [];
  return Object.entries((inner as ObjectShape).fields).flatMap(([key, field]) =>
    rows(`${path}.${key}`, field, '', []),
  );
}

function remarks(entity: Entity, name: string, field: Field): string[] {
  const { shape, hidden } = field;
  const remarks = [];
  const given: unknown = entity.schema.path(name)?.options.default;
  const value: unknown = typeof given === 'function' ? given() : given;
  if (value !== undefined) {
    remarks.push(`Default: ${code(typeof value === 'string' ? value : JSON.stringify(value))}.`);
  }
  if (shape.kind === 'encrypted') remarks.push('Encrypted.');
  if (shape.kind === 'encrypted' && shape.shows) remarks.push('Shown by its last four characters.');
  if (hidden) remarks.push('Never answered.');
  return remarks;
}

/** A type with its limits, in words. */
function typeOf(shape: Shape): string {
  switch (shape.kind) {
    case 'string':
      if (shape.enum) return `one of ${list(shape.enum.map(code))}`;
      return `text${lengths(shape)}${formOf(shape.match)}`;
    case 'number':
      return `${shape.integer ? 'whole number' : 'number'}${range(shape)}`;
    case 'boolean':
      return 'true or false';
    case 'binary':
      return 'bytes';
    case 'date':
      return 'time';
    case 'id':
      return shape.ref ? `id of ${linkTo(shape.ref)}` : 'id';
    case 'free':
      return shape.maxBytes ? `object, ≤ ${sizeOf(shape.maxBytes)}` : 'object';
    case 'map':
      return `map of ${typeOf(shape.values)}`;
    case 'array':
      return `list${shape.max ? `, ≤ ${shape.max} items` : ''}: ${typeOf(shape.items)}`;
    case 'encrypted':
      return typeOf(shape.inner);
    case 'object':
      return 'object';
  }
}

function lengths({ min, max }: { min?: number; max?: number }): string {
  if (min !== undefined && max !== undefined) return `, ${min}–${max} characters`;
  if (max !== undefined) return `, ≤ ${max} characters`;
  return min === undefined ? '' : `, ≥ ${min} characters`;
}

function range({ min, max }: { min?: number; max?: number }): string {
  if (min !== undefined && max !== undefined) return `, ${min}–${max}`;
  if (max !== undefined) return `, ≤ ${max}`;
  return min === undefined ? '' : `, ≥ ${min}`;
}

/** A short form says more than words; a long one says less. */
function formOf(match: RegExp | undefined): string {
  return match && match.source.length <= 50 ? `, ${code(match.source)}` : '';
}

function sizeOf(bytes: number): string {
  return bytes % 1024 === 0 ? `${bytes / 1024} KiB` : `${bytes} bytes`;
}
