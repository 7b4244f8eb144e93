import type { InvoiceFacts, InvoiceLine } from './facts.ts';

/** The period that is paid, and for which plan. */
export interface PaidPeriod {
  plan: string;
  /** What a whole one costs, and brings. */
  amount: number;
  credits: number;
  start: Date;
  end: Date;
}

/**
 * Finds what was paid for last: of all lines that charge, the one that begins latest. A plan that was left
 * for a smaller one is kept so until its period is over, and a larger one counts once it is paid.
 */
export function findPaidPeriod(invoices: InvoiceFacts[]): PaidPeriod | undefined {
  const charged = invoices.flatMap(({ lines }) => lines.filter(({ isCharged }) => isCharged));
  let last: InvoiceLine | undefined;
  for (const line of charged) if (!last || line.start >= last.start) last = line;
  if (!last) return undefined;
  const { plan, credits, price: amount, end } = last;
  return { plan, amount, credits, end, start: findWhole(charged, last)?.start ?? last.start };
}

/**
 * The credits that an invoice grants: those of a plan for a whole period, and for a change of the plan
 * within one the difference, in proportion to what is left of it, as its price is. Rounded down.
 */
export function countGrant({ lines }: InvoiceFacts, invoices: InvoiceFacts[]): number {
  const charged = invoices.flatMap((one) => one.lines.filter(({ isCharged }) => isCharged));
  const sum = lines.reduce((total, line) => {
    const share = line.credits * measureShare(line, charged);
    return line.isCharged ? total + share : total - share;
  }, 0);
  // What is a whole number but for the last digits of its fractions is one.
  return Math.max(0, Math.floor(sum + 1e-6));
}

/** Names what an invoice is for: the plan of the last line that charges. */
export function nameInvoice({ lines }: InvoiceFacts): string | undefined {
  return lines.findLast(({ isCharged }) => isCharged)?.plan;
}

/** Which part of a whole period a line is for. */
function measureShare(line: InvoiceLine, charged: InvoiceLine[]): number {
  if (!line.isProrated) return 1;
  const whole = findWhole(charged, line);
  if (!whole) return 0;
  const length = whole.end.getTime() - whole.start.getTime();
  return Math.min(1, (line.end.getTime() - line.start.getTime()) / length);
}

/** The line of the whole period that ends when this one does. */
function findWhole(charged: InvoiceLine[], { end }: InvoiceLine): InvoiceLine | undefined {
  return charged.find((one) => !one.isProrated && one.end.getTime() === end.getTime());
}
