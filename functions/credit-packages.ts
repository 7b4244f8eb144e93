import { serve } from '../src/api/http/serve.ts';
import { packageRoute } from '../src/routes/billing/packages.ts';

export const creditPackages = { routes: [packageRoute] };

export const handler = serve(creditPackages);
