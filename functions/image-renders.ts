import { serve } from '../src/api/http/serve.ts';
import { renderRoutes } from '../src/routes/media/renders.ts';

// Apart from `images`, whose functions start without a decoder of images.
export const imageRenders = { routes: renderRoutes };

export const handler = serve(imageRenders);
