import { serve } from '../src/api/http/serve.ts';
import { accountRoutes } from '../src/routes/billing/accounts.ts';
import { creditRoutes } from '../src/routes/billing/credits.ts';
import { statementRoutes } from '../src/routes/billing/statements.ts';

export const credits = { routes: [...creditRoutes, ...statementRoutes, ...accountRoutes] };

export const handler = serve(credits);
