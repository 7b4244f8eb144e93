import { serve } from '../src/api/serve.ts';
import { statRoutes } from '../src/routes/stats.ts';

export const stats = { routes: statRoutes };

export const handler = serve(stats);
