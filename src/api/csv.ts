/** A cell: text is quoted where it must be; a date is written in ISO 8601. */
type Cell = string | number | Date | null | undefined;

/** The Content-Type of CSV, as RFC 4180 has it. */
export const CSV_TYPE = 'text/csv';

/** Writes a table as CSV (RFC 4180), with its heads. */
export function writeCsv(heads: string[], rows: Cell[][]): string {
  return [heads, ...rows].map((row) => `${row.map(writeCell).join(',')}\r\n`).join('');
}

function writeCell(cell: Cell): string {
  if (cell === null || cell === undefined) return '';
  if (typeof cell === 'number') return String(cell);
  if (cell instanceof Date) return cell.toISOString();
  // A spreadsheet would run what begins so as a formula.
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
