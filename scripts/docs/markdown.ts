/** A table; a cell may hold anything but line breaks. */
export function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map((c) => c.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

/** Text as code. */
export function code(text: string): string {
  return `\`${text}\``;
}

/** `a, b, c`. */
export function list(items: string[]): string {
  return items.join(', ');
}

/** A link to an entity's own section. */
export function linkTo(entity: string): string {
  return `[${entity}](#${entity.toLowerCase()})`;
}
