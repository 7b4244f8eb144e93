/**
 * Puts a text between two lines of a document, in place of what is there.
 * @throws Error when the lines are missing
 */
export function insertBetween(document: string, start: string, end: string, text: string): string {
  const [before, rest] = document.split(start);
  const [, after] = rest?.split(end) ?? [];
  if (after === undefined)
    throw new Error(`The lines around what is generated are missing: ${start}`);
  return `${before}${start}\n\n${text}\n\n${end}${after}`;
}
