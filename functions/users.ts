import { serve } from '../src/api/serve.ts';
import { userRoutes } from '../src/routes/users.ts';

export const users = { routes: userRoutes };

export const handler = serve(users);
