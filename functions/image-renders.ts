import { serve } from '../src/api/http/serve.ts';
import { renderRoutes } from '../src/routes/media/renders.ts';

// A function of its own, so that `images` starts without loading an image decoder.
export const imageRenders = { routes: renderRoutes };

export const handler = serve(imageRenders);
