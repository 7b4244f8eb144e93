import { serve } from '../src/api/http/serve.ts';
import { userRoutes } from '../src/routes/account/users.ts';

export const users = { routes: userRoutes };

export const handler = serve(users);
