import { type Html, joinHtml, writeHtml } from '../../html.ts';
import type { PaymentPage } from '../../services/payments/describe-payment.ts';

const STYLE = `
body { font: 14px/1.45 system-ui, sans-serif; color: #1a1a1f; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.6rem; margin: 0 } h2 { font-size: 1.05rem; margin: 1.8rem 0 .4rem }
.about { color: #5c5c66; margin: .2rem 0 1.4rem }
table { border-collapse: collapse; width: 100% }
th { text-align: left; font-size: .75rem; text-transform: uppercase; letter-spacing: .04em; color: #5c5c66 }
th, td { padding: .32rem .5rem; border-bottom: 1px solid #e4e3ea; vertical-align: top }
td { font-variant-numeric: tabular-nums; overflow-wrap: anywhere }
.state { font-weight: 600; padding: .1rem .5rem; border-radius: .3rem; background: #eceaf2; font-size: .8rem }
.state.COMPLETED, .state.WON { background: #d9f2e3 } .state.FAILED, .state.LOST { background: #fbdcdc }
.state.REFUNDED, .state.OPEN { background: #fdecc8 }
`;

/** What a browser may do on the page: show it. */
export const PAGE_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** A payment as the API answers it. */
export type Shown = Record<string, unknown> & { id: string; status: string };

/** The page of one payment: its state, the events that told of it, its disputes, and its entries in the ledger. */
export function writePaymentHtml({ payment, events, disputes, entries }: PaymentPage): string {
  const { id, status, amount, currency, credits, error } = payment;
  const { code, message } = (error ?? {}) as { code?: string; message?: string };
  const facts = Object.entries(payment).filter(
    ([name, value]) => !HEADED.has(name) && typeof value !== 'object',
  );
  return writePage(
    `Payment ${id}`,
    writeHtml`<p class="about">${writeState(status)} ${formatAmount(amount, currency)} for ${String(credits)} credits${
      code ? `: ${code}, ${message ?? ''}` : ''
    }</p>
${writeTable(
  'Payment',
  ['Field', 'Value'],
  facts.map(([name, value]) => [name, String(value)]),
)}
${writeTable(
  'Events',
  ['Happened', 'Type', 'Id', 'Came by', 'Handled'],
  events.map((e) => [
    ...[formatTime(e.happenedAt), e.type, e.id, e.origin],
    e.handledAt ? formatTime(e.handledAt) : 'not yet',
  ]),
)}
${writeTable(
  'Disputes',
  ['Opened', 'Amount', 'Status', 'Closed'],
  disputes.map((d) => [
    ...[formatTime(d.openedAt), formatAmount(d.amount, currency), writeState(d.status)],
    d.closedAt ? formatTime(d.closedAt) : '',
  ]),
)}
${writeTable(
  'Entries of the ledger',
  ['Time', 'Type', 'Cause', 'Credits', 'Balance'],
  entries.map((e) => [
    ...[formatTime(e.createdAt), e.type, e.cause],
    ...[e.amount > 0 ? `+${e.amount}` : `−${-e.amount}`, String(e.balanceAfter)],
  ]),
)}`,
  );
}

/** What the heading says of a payment. */
const HEADED = new Set(['id', 'status', 'amount', 'currency', 'credits', 'error']);

/** A page of all payments. @param next the query of the page after it */
export function writePaymentsHtml(payments: Shown[], next: string | undefined): string {
  const table = writeTable(
    '',
    ['Time', 'Payment', 'User', 'Flow', 'Bought', 'Amount', 'Refunded', 'Status'],
    payments.map((p) => [
      formatTime(p.createdAt),
      writeHtml`<a href="/v1/admin/payments/${p.id}">${p.id}</a>`,
      ...[String(p.user), String(p.flow), `${p.package}, ${p.credits} credits`],
      ...[formatAmount(p.amount, p.currency), formatAmount(p.refundedAmount, p.currency)],
      writeState(p.status),
    ]),
  );
  const more = next ? writeHtml`<p><a href="?${next}">Older payments</a></p>` : { html: '' };
  return writePage('Payments', joinHtml([table, more]));
}

function writePage(title: string, body: Html): string {
  return writeHtml`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title><style>${{ html: STYLE }}</style></head><body>
<h1>${title}</h1>
${body}
</body></html>
`.html;
}

function writeTable(title: string, heads: string[], rows: (string | Html)[][]): Html {
  if (rows.length === 0) return writeHtml`<h2>${title}</h2><p class="about">None.</p>`;
  const cells = (row: (string | Html)[]) =>
    joinHtml(row.map((cell) => writeHtml`<td>${cell}</td>`));
  return writeHtml`<h2>${title}</h2><table><thead><tr>${joinHtml(
    heads.map((head) => writeHtml`<th>${head}</th>`),
  )}</tr></thead><tbody>${joinHtml(rows.map((row) => writeHtml`<tr>${cells(row)}</tr>`))}</tbody></table>`;
}

function writeState(status: string): Html {
  return writeHtml`<span class="state ${status}">${status}</span>`;
}

/** With the decimals of its currency: 5.00 EUR, 800 JPY. */
function formatAmount(amount: unknown, currency: unknown): string {
  const code = String(currency);
  const format = new Intl.NumberFormat('en', { style: 'currency', currency: code });
  const decimals = format.resolvedOptions().maximumFractionDigits ?? 2;
  return `${(Number(amount) / 10 ** decimals).toFixed(decimals)} ${code}`;
}

function formatTime(time: unknown): string {
  const text = time instanceof Date ? time.toISOString() : String(time);
  return text.slice(0, 19).replace('T', ' ');
}
