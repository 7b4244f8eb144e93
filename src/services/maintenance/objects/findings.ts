/** The number of findings of one kind, and the names of the first. */
export interface Findings {
  count: number;
  examples: string[];
}

const MOST_EXAMPLES = 20;

/** Counts a finding, and adds its name to the examples while there are few. */
export function addFinding(found: Findings, name: string): void {
  found.count += 1;
  if (found.examples.length < MOST_EXAMPLES) found.examples.push(name);
}
