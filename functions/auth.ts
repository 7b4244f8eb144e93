import { serve } from '../src/api/http/serve.ts';
import { authRoutes } from '../src/routes/account/auth.ts';

export const auth = { routes: authRoutes };

export const handler = serve(auth);
