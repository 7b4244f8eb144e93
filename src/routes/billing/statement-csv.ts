import { writeCsv } from '../../api/csv.ts';
import type { Statement } from '../../services/billing/statement.ts';

const HEADS = ['number', 'at', 'type', 'cause', 'amount', 'balance', 'job', 'project', 'reason'];

/** A statement as a table: a row for each entry, between the balances before and after the month. */
export function writeStatementCsv({ month, opening, closing, entries, next }: Statement): string {
  const rows = entries.map((entry) => [
    ...[entry.sequence, entry.createdAt, entry.type, entry.cause, entry.amount],
    ...[entry.balanceAfter, entry.jobType, entry.project, entry.reason],
  ]);
  const balance = (at: Date, name: string, credits: number) => [
    ...[null, at, name, null, null, credits],
    ...[null, null, null],
  ];
  return writeCsv(HEADS, [
    balance(month.start, 'OPENING', opening),
    ...rows,
    ...(next ? [] : [balance(month.end, 'CLOSING', closing)]),
  ]);
}
