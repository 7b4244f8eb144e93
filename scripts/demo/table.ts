import { styleText } from 'node:util';

/** Formats rows below their headings, each column as wide as its longest cell. */
export function formatTable(heads: string[], rows: string[][]): string[] {
  const widths = heads.map((head, i) =>
    Math.max(...[head, ...rows.map((r) => r[i] ?? '')].map(countCells)),
  );
  const line = (cells: string[]) =>
    `  ${cells.map((cell, i) => cell + ' '.repeat((widths[i] ?? 0) - countCells(cell))).join('   ')}`.trimEnd();
  return [styleText('dim', line(heads)), ...rows.map(line)];
}

/**
 * Counts the columns of a text: a letter and its combining accent, as some file systems store them,
 * are one.
 */
function countCells(text: string): number {
  return [...new Intl.Segmenter().segment(text)].length;
}
