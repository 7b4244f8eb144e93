import { serve } from '../src/api/http/serve.ts';
import { allowanceRoutes } from '../src/routes/metering/allowances.ts';

export const allowances = { routes: allowanceRoutes };

export const handler = serve(allowances);
