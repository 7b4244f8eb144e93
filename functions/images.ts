import { serve } from '../src/api/http/serve.ts';
import { resource } from '../src/api/resource/resource.ts';
import { Image } from '../src/models/media/image.ts';
import { mediaActions } from '../src/routes/media/media.ts';
import { owner } from '../src/rules.ts';
import { IMAGE_CONTENT_TYPES, IMAGE_LIMITS } from '../src/services/media/image/limits.ts';

const path = '/v1/images';

export const images = resource(Image, {
  path,
  can: { read: owner, update: owner },
  include: ['user', 'project', 'urls'],
  actions: mediaActions(Image, path, {
    contentTypes: IMAGE_CONTENT_TYPES,
    maxBytes: IMAGE_LIMITS.bytes,
  }),
});

export const handler = serve(images);
