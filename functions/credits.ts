import { serve } from '../src/api/http/serve.ts';
import { creditRoutes } from '../src/routes/billing/credits.ts';
import { packageRoute } from '../src/routes/billing/packages.ts';

export const credits = { routes: [...creditRoutes, packageRoute] };

export const handler = serve(credits);
