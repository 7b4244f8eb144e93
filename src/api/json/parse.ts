import { AppError, type Fault, invalid } from '../../errors.ts';

/**
 * Keys that reach a prototype, and those by which BSON and Mongoose recognise their own classes.
 */
const FORBIDDEN = new Set([
  '__proto__',
  'constructor',
  'prototype',
  '_bsontype',
  'isMongooseBuffer',
]);
const DEEPEST = 32;
/** The most keys of a body, unless its route allows more. */
const MOST_KEYS = 1000;

/**
 * Parses a JSON body, and refuses keys that could reach an object's prototype or be an operator of
 * MongoDB, at any depth. The whole body is checked, so that the error names every fault.
 * @throws AppError MALFORMED_JSON, VALIDATION_FAILED
 */
export function parseJson(text: string, mostKeys = MOST_KEYS): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AppError('MALFORMED_JSON', 'The body is not valid JSON.', { cause });
  }
  const faults: Fault[] = [];
  const count = { keys: 0 };
  inspect(value, '', 1, faults, count);
  if (count.keys > mostKeys) faults.push({ path: '', message: `has over ${mostKeys} keys` });
  if (faults.length > 0) throw invalid(faults.slice(0, 100));
  return value;
}

function inspect(
  value: unknown,
  path: string,
  depth: number,
  faults: Fault[],
  count: { keys: number },
): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth > DEEPEST) {
    faults.push({ path, message: `is nested deeper than ${DEEPEST} levels` });
    return;
  }
  for (const key of Object.keys(value)) {
    count.keys++;
    const at = path ? `${path}.${key}` : key;
    if (isForbidden(key)) faults.push({ path: at, message: 'is a forbidden key' });
    else if (key.startsWith('$')) faults.push({ path: at, message: 'a key may not start with $' });
    else if (key.includes('\0')) faults.push({ path: at, message: 'a key may not hold NUL' });
    inspect((value as Record<string, unknown>)[key], at, depth + 1, faults, count);
  }
}

/** Whether a key, or a part of a dotted one, is forbidden: for MongoDB a dot makes a path of it. */
function isForbidden(key: string): boolean {
  return FORBIDDEN.has(key) || (key.includes('.') && key.split('.').some((k) => FORBIDDEN.has(k)));
}
