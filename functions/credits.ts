import { serve } from '../src/api/http/serve.ts';
import { accountRoutes } from '../src/routes/billing/accounts.ts';
import { creditRoutes } from '../src/routes/billing/credits.ts';
import { spendingRoutes } from '../src/routes/billing/spending.ts';
import { statementRoutes } from '../src/routes/billing/statements.ts';

export const credits = {
  routes: [...creditRoutes, ...spendingRoutes, ...statementRoutes, ...accountRoutes],
};

export const handler = serve(credits);
