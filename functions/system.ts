import { serve } from '../src/api/http/serve.ts';
import { systemRoutes } from '../src/routes/system.ts';

export const system = { routes: systemRoutes };

export const handler = serve(system);
