/** Things of one kind that were found; the first of them by name. */
export interface Found {
  count: number;
  examples: string[];
}

const MOST_EXAMPLES = 20;

/** Counts one, and names it if it is among the first. */
export function note(found: Found, name: string): void {
  found.count += 1;
  if (found.examples.length < MOST_EXAMPLES) found.examples.push(name);
}
