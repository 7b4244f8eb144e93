/** Formats a table; a cell may contain anything but line breaks. */
export function formatTable(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map((c) => c.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

/** Formats text as code. */
export function formatCode(text: string): string {
  return `\`${text}\``;
}

/** Joins items: `a, b, c`. */
export function joinItems(items: string[]): string {
  return items.join(', ');
}

/** Formats a link to the section of an entity. */
export function formatLink(entity: string): string {
  return `[${entity}](#${entity.toLowerCase()})`;
}
