import { serve } from '../src/api/serve.ts';
import { authRoutes } from '../src/services/auth-routes.ts';

export const auth = { routes: authRoutes };

export const handler = serve(auth);
