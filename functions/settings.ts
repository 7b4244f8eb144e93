import { serve } from '../src/api/serve.ts';
import { settingsRoutes } from '../src/routes/settings.ts';

export const settings = { routes: settingsRoutes };

export const handler = serve(settings);
