import { serve } from '../src/api/serve.ts';
import { creditRoutes } from '../src/routes/credits.ts';

export const credits = { routes: creditRoutes };

export const handler = serve(credits);
