import { serve } from '../src/api/http/serve.ts';
import { topUpRoutes } from '../src/routes/billing/top-up.ts';

export const topUps = { routes: topUpRoutes };

export const handler = serve(topUps);
