import { styleText } from 'node:util';

/** Rows under their heads, each column as wide as its longest cell. */
export function table(heads: string[], rows: string[][]): string[] {
  const widths = heads.map((head, i) =>
    Math.max(...[head, ...rows.map((r) => r[i] ?? '')].map(size)),
  );
  const line = (cells: string[]) =>
    `  ${cells.map((cell, i) => cell + ' '.repeat((widths[i] ?? 0) - size(cell))).join('   ')}`.trimEnd();
  return [styleText('dim', line(heads)), ...rows.map(line)];
}

/** Columns of a text: letters with their accents, where a file system keeps them apart, are one. */
function size(text: string): number {
  return [...new Intl.Segmenter().segment(text)].length;
}
