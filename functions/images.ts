import { resource } from '../src/api/resource.ts';
import { owner } from '../src/api/rules.ts';
import { serve } from '../src/api/serve.ts';
import { Image } from '../src/models/studio/image.ts';
import { media } from '../src/routes/media.ts';
import { IMAGE_CONTENT_TYPES, IMAGE_LIMITS } from '../src/services/media/image/limits.ts';

const path = '/v1/images';

export const images = resource(Image, {
  path,
  can: { create: owner, read: owner, update: owner, remove: owner },
  include: ['user', 'project'],
  ...media(Image, path, {
    contentTypes: IMAGE_CONTENT_TYPES,
    maxBytes: IMAGE_LIMITS.bytes,
  }),
});

export const handler = serve(images);
