import { serve } from '../src/api/http/serve.ts';
import { eventRoutes } from '../src/routes/news/events.ts';

export const events = { routes: eventRoutes };

export const handler = serve(events);
