import { serve } from '../src/api/http/serve.ts';
import { creditRoutes } from '../src/routes/billing/credits.ts';

export const credits = { routes: creditRoutes };

export const handler = serve(credits);
