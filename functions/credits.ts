import { serve } from '../src/api/http/serve.ts';
import { creditRoutes } from '../src/routes/billing/credits.ts';
import { spendingRoutes } from '../src/routes/billing/spending.ts';

export const credits = { routes: [...creditRoutes, ...spendingRoutes] };

export const handler = serve(credits);
