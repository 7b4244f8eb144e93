import { joinPath, MOST_FAULTS } from '../../clip.ts';
import { FORBIDDEN_KEYS } from '../../data/forbidden-keys.ts';
import { AppError, type Fault, invalid } from '../../errors.ts';

const DEEPEST = 32;
/** The most keys of a body, unless its route allows more. */
const MOST_KEYS = 1000;

/** What was found so far. */
interface Inspection {
  faults: Fault[];
  keys: number;
  mostKeys: number;
  /** The keys that lead to the value which is inspected now. */
  path: string[];
}

/** Parses a JSON body, and checks it. @throws AppError MALFORMED_JSON, VALIDATION_FAILED */
export function parseJson(text: string, mostKeys = MOST_KEYS): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AppError('MALFORMED_JSON', 'The body is not valid JSON.', { cause });
  }
  checkJson(value, mostKeys);
  return value;
}

/**
 * Refuses JSON of others that is too large or too deep, or has keys, at any depth, that could reach an object's
 * prototype or be an operator of MongoDB. The error names every fault, up to so many: what is refused anyway is not
 * read to its end.
 * @throws AppError VALIDATION_FAILED
 */
export function checkJson(value: unknown, mostKeys: number): void {
  const found: Inspection = { faults: [], keys: 0, mostKeys, path: [] };
  inspect(value, found);
  const { faults } = found;
  if (isTooLarge(found)) {
    throw invalid([{ path: '', message: `has over ${mostKeys} keys` }, ...faults]);
  }
  if (faults.length > 0) throw invalid(faults);
}

function inspect(value: unknown, found: Inspection): void {
  if (typeof value !== 'object' || value === null) return;
  if (found.path.length >= DEEPEST) {
    addFault(found, `is nested deeper than ${DEEPEST} levels`);
    return;
  }
  if (Array.isArray(value)) {
    found.keys += value.length;
    if (isTooLarge(found)) return;
    for (const [i, item] of value.entries()) inspectMember(String(i), item, found);
    return;
  }
  const names = Object.keys(value);
  found.keys += names.length;
  if (isTooLarge(found)) return;
  for (const name of names) {
    inspectMember(name, (value as Record<string, unknown>)[name], found);
  }
}

function inspectMember(name: string, value: unknown, found: Inspection): void {
  if (isTooLarge(found) || found.faults.length >= MOST_FAULTS) return;
  found.path.push(name);
  if (isForbidden(name)) addFault(found, 'is a forbidden key');
  else if (name.startsWith('$')) addFault(found, 'a key may not start with $');
  else if (name.includes('\0')) addFault(found, 'a key may not hold NUL');
  // `1e999` is read as infinity, which JSON cannot tell again.
  if (typeof value === 'number' && !Number.isFinite(value)) {
    addFault(found, 'is too large a number');
  }
  inspect(value, found);
  found.path.pop();
}

function isTooLarge({ keys, mostKeys }: Inspection): boolean {
  return keys > mostKeys;
}

function addFault({ faults, path }: Inspection, message: string): void {
  faults.push({ path: joinPath(path), message });
}

/** Whether a key, or a part of a dotted one, is forbidden: for MongoDB a dot makes a path of it. */
function isForbidden(key: string): boolean {
  return key.split('.').some((part) => FORBIDDEN_KEYS.has(part));
}
