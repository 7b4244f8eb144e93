import { serve } from '../src/api/serve.ts';
import { authRoutes } from '../src/routes/auth.ts';

export const auth = { routes: authRoutes };

export const handler = serve(auth);
