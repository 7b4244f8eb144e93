import type { Entity } from '../data/entity.ts';
import { idText, UUID } from '../data/ids.ts';
import { isSealed, type Sealed } from '../data/sealed.ts';
import type { ObjectShape, Shape } from '../data/shape.ts';

export type Json = Record<string, unknown>;
type Print = (value: never) => unknown;

const printers = new Map<string, (document: object) => Json>();

/** A stored document as clients see it: id as text, ISO times, nothing that is hidden. */
export function print(entity: Entity, document: object): Json {
  let printer = printers.get(entity.name);
  if (!printer) {
    printer = objectPrinter(entity.shape, (name) => answeredAs(entity, name));
    printers.set(entity.name, printer);
  }
  return printer(document);
}

/** The name by which clients know a field of a document. */
export function answeredAs(entity: Entity, name: string): string {
  return name === '_id' ? 'id' : (entity.options.names?.[name] ?? name);
}

function objectPrinter(
  shape: ObjectShape,
  nameOf = (name: string) => name,
): (document: object) => Json {
  const fields = Object.entries(shape.fields)
    .filter(([, f]) => !f.hidden)
    .map(([name, f]) => ({ name, as: nameOf(name), print: printerOf(f.shape) }));
  // The id comes first, as every reader expects.
  fields.sort((a, b) => Number(b.as === 'id') - Number(a.as === 'id'));
  return (document) => {
    const json: Json = {};
    for (const { name, as, print } of fields) {
      const value = (document as Json)[name];
      if (value !== undefined && value !== null) json[as] = print ? print(value as never) : value;
    }
    return json;
  };
}

/** Undefined where the value goes out as it is. */
function printerOf(shape: Shape): Print | undefined {
  switch (shape.kind) {
    case 'id':
      return (id: UUID) => idText(id);
    case 'date':
      return (date: Date) => date.toISOString();
    case 'object':
      return objectPrinter(shape);
    case 'array': {
      const print = printerOf(shape.items);
      return print && ((items: never[]) => items.map(print));
    }
    case 'free':
      return plain;
    case 'sealed':
      return shape.shows
        ? ({ last4 }: Sealed) => `…${last4 ?? ''}`
        : opened(printerOf(shape.inner));
    default:
      return undefined;
  }
}

/** What `openSealed` has opened; ciphertext is never an answer. */
function opened(print: Print | undefined): Print {
  return (value: unknown) => {
    if (isSealed(value)) throw new Error('A sealed field is printed that nobody has opened.');
    return print ? print(value as never) : value;
  };
}

/** Free-form values may hold ids and times of ours (a job's input, an audit event's changes). */
function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof UUID) return idText(value);
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]));
}
