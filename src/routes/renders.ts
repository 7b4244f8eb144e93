import type { Route } from '../api/route.ts';
import { Image } from '../models/studio/image.ts';
import { parseRender } from '../services/media/image/render.ts';
import { render } from '../services/renders.ts';
import { derivativeName, link, linkSchema } from './media.ts';
import { found } from './media-uploads.ts';

const side = { type: 'integer', minimum: 1, maximum: 4096 };

/** Images made to measure. */
export const renderRoutes: Route[] = [
  {
    method: 'GET',
    path: '/v1/images/{id}/render',
    id: 'renderImage',
    summary: 'A link to the image made to measure: resized, in another format. It is made once.',
    tag: 'Images',
    access: 'user',
    query: [
      {
        name: 'width',
        description: 'In pixels; without both it is as large as the image, up to 4096.',
        schema: side,
      },
      {
        name: 'height',
        description: 'In pixels; without both it is as large as the image, up to 4096.',
        schema: side,
      },
      {
        name: 'fit',
        description:
          'Where both are given: `inside` keeps it whole, `cover` fills the box and cuts what hangs over, `contain` keeps it whole in a box of exactly that size, `fill` stretches. Nothing is enlarged.',
        schema: { enum: ['inside', 'cover', 'contain', 'fill'], default: 'inside' },
      },
      {
        name: 'format',
        description: 'What it shall be.',
        schema: { enum: ['webp', 'avif', 'jpeg', 'png'], default: 'webp' },
      },
      {
        name: 'quality',
        description: '80 unless given, 50 of an AVIF; a PNG has none.',
        schema: { type: 'integer', minimum: 1, maximum: 100 },
      },
    ],
    success: { 200: { description: 'A presigned link.', schema: linkSchema } },
    codes: ['INVALID_QUERY', 'NOT_FOUND', 'INVALID_STATE'],
    handle: async (ctx, request) => {
      const image = await found(ctx, Image, request);
      const options = parseRender(Object.fromEntries(request.query));
      const key = await render(image, options);
      const contentType = `image/${options.format}`;
      const name = key.slice(key.lastIndexOf('/') + 1).replace(/\.\w+$/, '');
      return link(ctx, key, contentType, derivativeName(image.fileName, { name, contentType }));
    },
  },
];
