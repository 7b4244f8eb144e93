import mongoose from 'mongoose';
import { UUID } from '../ids.ts';

/** What may be used as a name. */
export const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/** Constants by the texts of what they stand for. */
export interface Constants {
  names: Map<string, string>;
  /** What objects and lists may end with, by the constants that stand for it. */
  ends: [name: string, end: object][];
  /** TypeScript, not yet formatted. */
  source: string;
}

/** Prints a value as TypeScript, with constants where they stand for it. */
export function literal(value: unknown, constants?: Constants): string {
  if (value instanceof UUID) return `new UUID('${value.toHexString()}')`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const end = constants?.ends.find(([, fields]) => endsWith(value, fields));
  const tail = end ? [`...${end[0]}`] : [];
  const length = end ? Object.keys(end[1]).length : 0;
  if (Array.isArray(value)) {
    const own = value.slice(0, value.length - length);
    return `[${[...own.map((item) => literal(item, constants)), ...tail].join(', ')}]`;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) {
    throw new Error(`A migration cannot say a ${value.constructor.name}: write it by hand.`);
  }
  const known = constants?.names.get(exact(value));
  if (known) return known;
  const entries = Object.entries(value);
  const own = entries.slice(0, entries.length - length).map(([key, v]) => {
    const text = literal(v, constants);
    return text === key ? key : `${IDENTIFIER.test(key) ? key : JSON.stringify(key)}: ${text}`;
  });
  const printed = [...own, ...tail];
  return printed.length > 0 ? `{ ${printed.join(', ')} }` : '{}';
}

/** Equal texts are the same to the letter: what is restored is what there was, its order too. */
export function exact(value: unknown): string {
  return mongoose.mongo.BSON.EJSON.stringify(value);
}

/** Whether an object's last fields, or a list's last items, are these. */
export function endsWith(value: object, end: object): boolean {
  const length = Object.keys(end).length;
  if (Array.isArray(value)) return Array.isArray(end) && exact(value.slice(-length)) === exact(end);
  return exact(Object.fromEntries(Object.entries(value).slice(-length))) === exact(end);
}

/** A constant's name for a thing of this name; not one that TypeScript or a module keeps for itself. */
export function nameFor(name: string): string {
  const plain = name
    .replace(/[^A-Za-z0-9]+(.)?/g, (_match, next: string = '') => next.toUpperCase())
    .replace(/^[A-Z]/, (letter) => letter.toLowerCase());
  return RESERVED.includes(plain) ? `${plain}Field` : plain;
}

const RESERVED =
  'UUID arguments await break case catch class const continue debugger default delete do else enum eval export exports extends false finally for function if implements import in instanceof interface let module new null package private protected public require return static super switch this throw true try typeof undefined var void while with yield'.split(
    ' ',
  );
