import { serve } from '../src/api/http/serve.ts';
import { planRoute } from '../src/routes/billing/packages.ts';

export const subscriptionPlans = { routes: [planRoute] };

export const handler = serve(subscriptionPlans);
