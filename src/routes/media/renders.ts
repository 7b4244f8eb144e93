import type { Route } from '../../api/http/route.ts';
import { Image } from '../../models/media/image.ts';
import { nameDerivative } from '../../services/media/derivative-name.ts';
import {
  FITS,
  FORMATS,
  MOST_SIDE,
  parseRenderOptions,
  QUALITY,
} from '../../services/media/image/render.ts';
import { findOrMakeRender } from '../../services/media/renders.ts';
import { found } from '../uploads/uploads.ts';
import { answerLink, linkSchema } from './media.ts';

const side = {
  description: `In pixels; without both it is as large as the image, up to ${MOST_SIDE}.`,
  schema: { type: 'integer', minimum: 1, maximum: MOST_SIDE },
};

/** A choice whose first value is the default. */
function describeChoice(values: readonly string[]) {
  const all = values.map((value) => value.toUpperCase());
  return { type: 'string', enum: all, default: all[0] };
}

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
      { name: 'width', ...side },
      { name: 'height', ...side },
      {
        name: 'fit',
        description:
          'Where both are given: `INSIDE` keeps it whole, `COVER` fills the box and cuts what hangs over, `CONTAIN` keeps it whole in a box of exactly that size, `FILL` stretches. Nothing is enlarged.',
        schema: describeChoice(FITS),
      },
      {
        name: 'format',
        description: 'What it shall be.',
        schema: describeChoice(FORMATS),
      },
      {
        name: 'quality',
        description: `${QUALITY.webp} unless given, ${QUALITY.avif} of an AVIF; a PNG has none.`,
        schema: { type: 'integer', minimum: 1, maximum: 100 },
      },
    ],
    success: { 200: { description: 'A presigned link.', schema: linkSchema } },
    codes: ['INVALID_QUERY', 'NOT_FOUND', 'INVALID_STATE', 'ALLOWANCE_EXCEEDED'],
    handle: async (ctx, request) => {
      const image = await found(ctx, Image, request);
      const options = parseRenderOptions(Object.fromEntries(request.query));
      const key = await findOrMakeRender(ctx, image, options);
      const contentType = `image/${options.format}`;
      const name = key.slice(key.lastIndexOf('/') + 1).replace(/\.\w+$/, '');
      return answerLink(
        ctx,
        key,
        contentType,
        nameDerivative(image.fileName, { name, contentType }),
      );
    },
  },
];
