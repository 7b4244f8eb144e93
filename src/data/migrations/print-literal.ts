import { UUID } from '../ids.ts';

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/** Prints a value as TypeScript, not yet formatted. @throws Error for a class that migrations cannot write down */
export function printLiteral(value: unknown): string {
  if (value instanceof UUID) return `new UUID('${value.toHexString()}')`;
  if (value instanceof Date) return `new Date('${value.toISOString()}')`;
  if (typeof value !== 'object' || value === null) return printString(value);
  if (Array.isArray(value)) return `[${value.map(printLiteral).join(', ')}]`;
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new Error(`A migration cannot write down a ${value.constructor.name}: write it by hand.`);
  }
  const fields = Object.entries(value).map(
    ([key, v]) => `${IDENTIFIER.test(key) ? key : printString(key)}: ${printLiteral(v)}`,
  );
  return fields.length > 0 ? `{ ${fields.join(', ')} }` : '{}';
}

/** With single quotes, as in the code: comments are not formatted. */
function printString(value: unknown): string {
  const text = JSON.stringify(value);
  return typeof value === 'string' && !/['"\\]/.test(value) ? `'${value}'` : text;
}
