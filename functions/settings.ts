import { serve } from '../src/api/http/serve.ts';
import { settingsRoutes } from '../src/routes/account/settings.ts';

export const settings = { routes: settingsRoutes };

export const handler = serve(settings);
