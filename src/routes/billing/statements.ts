import { CSV_TYPE } from '../../api/csv.ts';
import { chooseType } from '../../api/http/accept.ts';
import type { Parameter, Route } from '../../api/http/route.ts';
import { applyRule } from '../../api/resource/verbs.ts';
import type { Actor } from '../../context.ts';
import type { UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { invalidQuery } from '../../errors.ts';
import { User } from '../../models/account/user.ts';
import { self } from '../../rules.ts';
import { sumSpend } from '../../services/billing/spend.ts';
import { type Month, makeStatement, readMonth } from '../../services/billing/statement.ts';
import { spendSchema } from './credit-schemas.ts';
import { writeStatementCsv } from './statement-csv.ts';
import { STATEMENT_POLICY, writeStatementHtml } from './statement-html.ts';

const common = { method: 'GET', tag: 'Credits', access: 'user' } as const;
const HTML_TYPE = 'text/html';

const AFTER: Parameter = {
  name: 'after',
  description: 'Only the entries after that number: `Link` has the address of the next ones.',
  schema: { type: 'integer', minimum: 0, default: 0 },
};

const MONTH: Parameter = {
  name: 'month',
  description: 'The month, by UTC: `2026-11`; the current one unless given.',
  schema: { type: 'string', pattern: '^20\\d\\d-(0[1-9]|1[0-2])$' },
};

/** What was spent, on what, and the statements of each month. */
export const statementRoutes: Route[] = [
  {
    ...common,
    path: '/v1/credits/statements/{month}',
    id: 'getCreditStatement',
    summary: 'Get the statement of a month: CSV, or a page that prints, by Accept.',
    query: [AFTER],
    success: {
      200: {
        description: 'The entries of a month by UTC, such as `2026-11`, at most 5000 at once.',
        contentType: CSV_TYPE,
        others: [HTML_TYPE],
      },
    },
    codes: ['INVALID_QUERY'],
    handle: async (ctx, { params, query, accept }) => {
      const month = readNamed(params.month as string);
      const account = ownId(ctx.actor);
      const after = readAfter(query.get('after'));
      const statement = await makeStatement(ctx, account, month, after);
      const headers = {
        vary: 'accept',
        ...(statement.next && { link: `<?after=${statement.next}>; rel="next"` }),
      };
      if (chooseType(accept, [CSV_TYPE, HTML_TYPE]) === CSV_TYPE) {
        const type = `${CSV_TYPE}; charset=utf-8; header=present`;
        const name = `attachment; filename="credits-${month.name}.csv"`;
        const own = { 'content-type': type, 'content-disposition': name };
        return { status: 200, body: writeStatementCsv(statement), headers: { ...headers, ...own } };
      }
      const user = await findOne(ctx, User, applyRule(self, ctx.actor));
      const holder = { name: user?.displayName ?? user?.username ?? '', email: user?.email ?? '' };
      const spend = await sumSpend(ctx, account, month);
      return {
        status: 200,
        body: writeStatementHtml(statement, spend, holder),
        headers: {
          ...headers,
          'content-type': `${HTML_TYPE}; charset=utf-8`,
          'content-security-policy': STATEMENT_POLICY,
        },
      };
    },
  },
  {
    ...common,
    path: '/v1/credits/spend',
    id: 'getSpend',
    summary: 'Get what was spent in a month, by job type and project.',
    query: [MONTH],
    success: { 200: { description: 'Whole credits.', schema: spendSchema } },
    handle: async (ctx, { query }) => {
      const current = new Date(ctx.clock()).toISOString().slice(0, 7);
      const month = readNamed(query.get('month') ?? current);
      const spend = await sumSpend(ctx, ownId(ctx.actor), month);
      return { status: 200, json: { month: month.name, ...spend } };
    },
  },
];

/** A user's account has the user's id. */
function ownId(actor: Actor): UUID {
  return applyRule(self, actor)._id as UUID;
}

function readNamed(name: string): Month {
  const month = readMonth(name);
  if (month) return month;
  throw invalidQuery([{ path: 'month', message: 'must be a month of this century: 2026-11' }]);
}

function readAfter(text = '0'): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw invalidQuery([{ path: 'after', message: 'must be a whole number' }]);
}
