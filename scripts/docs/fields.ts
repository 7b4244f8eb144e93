import type { Entity } from '../../src/data/entity.ts';
import type { Field, ObjectShape, Shape } from '../../src/data/shape.ts';
import { formatCode, formatLink, joinItems } from './markdown.ts';
import { readReason, readWord } from './personal.ts';

/** The fields of every document, which are described once for all entities. */
const COMMON = ['_id', 'user', 'createdAt', 'updatedAt', 'version', 'outbox', 'removing'];

/**
 * Makes the rows of an entity's fields: name, type, whether it is required, who writes it, whether it is
 * personal, description.
 */
export function makeFieldRows(entity: Entity, isWrittenByClients: boolean): string[][] {
  const own = Object.entries(entity.shape.fields).filter(([name]) => !COMMON.includes(name));
  return own.flatMap(([name, field]) => {
    const server = !isWrittenByClients || field.server || field.hidden;
    const writer = `${server ? 'server' : 'client'}${field.immutable ? ', once' : ''}`;
    return makeRows(field.publicName, field, writer, listRemarks(entity, name, field));
  });
}

/** Counts the fields of an entity, without those of every document. */
export function countFields({ shape }: Entity): number {
  return Object.keys(shape.fields).filter((name) => !COMMON.includes(name)).length;
}

function makeRows(name: string, field: Field, writer: string, remarks: string[]): string[][] {
  const told = [field.description, ...remarks].filter((it) => it !== undefined);
  const required = field.required ? 'yes' : '';
  const word = readWord(field) ?? '';
  const type = describeType(field.shape);
  const own = [formatCode(name), type, required, writer, word, told.join(' ')];
  return [own, ...makeInnerRows(field.shape, name)];
}

/** Makes the rows of the fields of an embedded object, or of the objects in a list. */
function makeInnerRows(shape: Shape, name: string): string[][] {
  if (shape.kind === 'encrypted') return makeInnerRows(shape.inner, name);
  const [inner, path] =
    shape.kind === 'array' ? [shape.items, `${name}[]`] : ([shape, name] as const);
  if (inner.kind !== 'object') return [];
  return Object.entries((inner as ObjectShape).fields).flatMap(([key, field]) =>
    makeRows(`${path}.${key}`, field, '', []),
  );
}

function listRemarks(entity: Entity, name: string, field: Field): string[] {
  const { shape, hidden } = field;
  const remarks = [];
  const options = entity.schema.path(name)?.options;
  const given: unknown = options?.default ?? options?.encrypted?.default;
  const value: unknown = typeof given === 'function' ? given() : given;
  if (value !== undefined) {
    remarks.push(
      `Default: ${formatCode(typeof value === 'string' ? value : JSON.stringify(value))}.`,
    );
  }
  if (shape.kind === 'encrypted') remarks.push('Encrypted.');
  if (shape.kind === 'encrypted' && shape.shows) remarks.push('Shown by its last four characters.');
  if (hidden) remarks.push('Never answered.');
  const reason = readReason(field.personal);
  if (reason) remarks.push(`Kept: ${reason}.`);
  return remarks;
}

/** Describes a type and its limits in words. */
function describeType(shape: Shape): string {
  switch (shape.kind) {
    case 'string':
      if (shape.enum) return `one of ${joinItems(shape.enum.map(formatCode))}`;
      return `text${describeLength(shape)}${describeForm(shape.match)}`;
    case 'number':
      return `${shape.integer ? 'whole number' : 'number'}${describeRange(shape)}`;
    case 'boolean':
      return 'true or false';
    case 'binary':
      return 'bytes';
    case 'date':
      return 'time';
    case 'id':
      return shape.ref ? `id of ${formatLink(shape.ref)}` : 'id';
    case 'free':
      return shape.maxBytes ? `object, ≤ ${formatSize(shape.maxBytes)}` : 'object';
    case 'map':
      return `map of ${describeType(shape.values)}`;
    case 'array':
      return `list${shape.max ? `, ≤ ${shape.max} items` : ''}: ${describeType(shape.items)}`;
    case 'encrypted':
      return describeType(shape.inner);
    case 'object':
      return 'object';
  }
}

function describeLength({ min, max }: { min?: number; max?: number }): string {
  if (min !== undefined && max !== undefined) return `, ${min}–${max} characters`;
  if (max !== undefined) return `, ≤ ${max} characters`;
  return min === undefined ? '' : `, ≥ ${min} characters`;
}

function describeRange({ min, max }: { min?: number; max?: number }): string {
  if (min !== undefined && max !== undefined) return `, ${min}–${max}`;
  if (max !== undefined) return `, ≤ ${max}`;
  return min === undefined ? '' : `, ≥ ${min}`;
}

/** Shows a regular expression only if it is short enough to be read. */
function describeForm(match: RegExp | undefined): string {
  return match && match.source.length <= 50 ? `, ${formatCode(match.source)}` : '';
}

function formatSize(bytes: number): string {
  return bytes % 1024 === 0 ? `${bytes / 1024} KiB` : `${bytes} bytes`;
}
