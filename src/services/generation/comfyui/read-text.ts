/** A text or a number of somebody else's JSON, as text; empty of anything else, which may not be made a text of. */
export function readText(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
