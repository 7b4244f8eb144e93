import { serve } from '../src/api/serve.ts';
import { webhookRoutes } from '../src/routes/webhooks.ts';

export const webhooks = { routes: webhookRoutes };

export const handler = serve(webhooks);
