import { type Html, joinHtml, writeHtml } from '../../html.ts';
import type { Spend } from '../../services/billing/spend.ts';
import type { Statement } from '../../services/billing/statement.ts';

const STYLE = `
@page { size: A4; margin: 18mm }
body { font: 14px/1.45 system-ui, sans-serif; color: #1a1a1f; max-width: 52rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.6rem; margin: 0 } h2 { font-size: 1.05rem; margin: 1.8rem 0 .4rem }
.about { color: #5c5c66; margin: .2rem 0 1.4rem }
.sums { display: flex; gap: 2.5rem; padding: .9rem 1.1rem; background: #f4f3f8; border-radius: .5rem }
.sums b { display: block; font-size: 1.35rem; font-variant-numeric: tabular-nums }
table { border-collapse: collapse; width: 100% } thead { display: table-header-group }
th { text-align: left; font-size: .75rem; text-transform: uppercase; letter-spacing: .04em; color: #5c5c66 }
th, td { padding: .32rem .5rem; border-bottom: 1px solid #e4e3ea; vertical-align: top }
tr { break-inside: avoid } .n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
.small { color: #5c5c66; font-size: .85rem }
@media print { html { font-size: 12px } body { font-size: 11px; margin: 0; max-width: none; padding: 0 } .sums { border: 1px solid #d5d4dd } }
`;

/** What a browser may do on the page: show it. */
export const STATEMENT_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Whose statement it is. */
interface Holder {
  name: string;
  email: string;
}

/** A statement as a page that prints, on A4 or Letter. */
export function writeStatementHtml(statement: Statement, spend: Spend, holder: Holder): string {
  const { month, opening, closing, totals, entries, next } = statement;
  const title = new Intl.DateTimeFormat('en', { month: 'long', year: 'numeric', timeZone: 'UTC' });
  const name = title.format(month.start);
  const page = writeHtml`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Credits, ${name}</title><style>${{ html: STYLE }}</style></head><body>
<h1>Credits, ${name}</h1>
<p class="about">${holder.name}, ${holder.email}. All times are UTC.</p>
<div class="sums"><span>Before<b>${show(opening)}</b></span>${joinHtml(
    totals.map(
      ({ type, credits }) => writeHtml`<span>${nameType(type)}<b>${sign(credits)}</b></span>`,
    ),
  )}<span>After<b>${show(closing)}</b></span></div>
${writeTable(
  'Spent on',
  ['Work', 'Jobs', 'Credits'],
  spend.byType.map((s) => [s.type, s.jobs, s.credits]),
)}
${writeTable(
  'Spent in',
  ['Project', 'Jobs', 'Credits'],
  spend.byProject.map((s) => [s.name ?? 'No project', s.jobs, s.credits]),
)}
<h2>Entries</h2>
<table><thead><tr><th class="n">No.</th><th>Time</th><th>What</th><th class="n">Credits</th><th class="n">Balance</th></tr></thead>
<tbody>${joinHtml(entries.map(writeEntry))}</tbody></table>
${next ? writeHtml`<p>There are more: <a href="?after=${String(next)}">the entries after no. ${show(next)}</a>.</p>` : ''}
</body></html>
`;
  return page.html;
}

function writeEntry(entry: Statement['entries'][number]): Html {
  const { sequence, createdAt, type, jobType, project, reason, amount, balanceAfter } = entry;
  const more = [jobType, project, reason].filter((text) => text !== undefined).join(' · ');
  return writeHtml`<tr><td class="n">${show(sequence)}</td><td>${createdAt.toISOString().slice(0, 16).replace('T', ' ')}</td><td>${nameType(type)}${
    more ? writeHtml`<br><span class="small">${more}</span>` : ''
  }</td><td class="n">${sign(amount)}</td><td class="n">${show(balanceAfter)}</td></tr>`;
}

function writeTable(title: string, heads: string[], rows: [string, number, number][]): Html {
  if (rows.length === 0) return { html: '' };
  const [first = '', ...others] = heads;
  return writeHtml`<h2>${title}</h2><table><thead><tr><th>${first}</th>${joinHtml(
    others.map((head) => writeHtml`<th class="n">${head}</th>`),
  )}</tr></thead><tbody>${joinHtml(
    rows.map(
      ([name, jobs, credits]) =>
        writeHtml`<tr><td>${name}</td><td class="n">${show(jobs)}</td><td class="n">${show(credits)}</td></tr>`,
    ),
  )}</tbody></table>`;
}

const TYPES: Record<string, string> = {
  PURCHASE: 'Bought',
  SPEND: 'Spent',
  REFUND: 'Refunded',
  BONUS: 'Given',
};

function nameType(type: string): string {
  return TYPES[type] ?? type;
}

const show = (number: number) => number.toLocaleString('en');
const sign = (number: number) => (number > 0 ? `+${show(number)}` : show(number).replace('-', '−'));
