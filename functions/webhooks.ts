import { serve } from '../src/api/http/serve.ts';
import { webhookRoutes } from '../src/routes/webhooks/stripe.ts';

export const webhooks = { routes: webhookRoutes };

export const handler = serve(webhooks);
