import type { Route } from '../../api/http/route.ts';
import { UUID } from '../../data/ids.ts';
import { type Month, readMonth } from '../../services/billing/statement.ts';
import { viewAccount } from '../../services/billing/view-account.ts';
import { accountSchema } from './credit-schemas.ts';

/** What administrators see of the account of a user. */
export const accountRoutes: Route[] = [
  {
    method: 'GET',
    path: '/v1/admin/accounts/{id}',
    id: 'getAccount',
    summary:
      'Get the account of a user: credits, holds, the last entries, and the usage of this month.',
    tag: 'Credits',
    access: 'admin',
    success: { 200: { description: 'The account.', schema: accountSchema } },
    codes: ['NOT_FOUND'],
    handle: async (ctx, { params }) => {
      const month = readMonth(new Date(ctx.clock()).toISOString().slice(0, 7)) as Month;
      const view = await viewAccount(ctx, new UUID(params.id as string), month);
      return { status: 200, json: view };
    },
  },
];
