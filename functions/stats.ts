import { serve } from '../src/api/http/serve.ts';
import { statRoutes } from '../src/routes/metering/stats.ts';

export const stats = { routes: statRoutes };

export const handler = serve(stats);
