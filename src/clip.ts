import type { Fault } from './errors.ts';

// What an error shows of a request is clipped before it is joined, so that a refusal costs no more
// than parsing the request, and is answered shortly.
const LONGEST_PATH = 300;
const LONGEST_MESSAGE = 1000;

/** The most faults of one request that are told. */
export const MOST_FAULTS = 100;

/** Joins keys to the path of a fault, as far as it will be shown. */
export function joinPath(keys: readonly (string | number)[]): string {
  let path = '';
  for (const [i, key] of keys.entries()) {
    path += (i > 0 ? '.' : '') + String(key).slice(0, LONGEST_PATH + 1);
    if (path.length > LONGEST_PATH) break;
  }
  return clipText(path, LONGEST_PATH);
}

/** The faults that are told of a request, each as long as it will be shown. */
export function clipFaults(faults: Fault[]): Fault[] {
  return faults.slice(0, MOST_FAULTS).map(({ path, message }) => ({
    path: clipText(path, LONGEST_PATH),
    message: clipText(message, LONGEST_MESSAGE),
  }));
}

/** Clips a text to so many characters; an ellipsis shows that there was more. */
export function clipText(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest - 1).toWellFormed()}…` : text;
}
