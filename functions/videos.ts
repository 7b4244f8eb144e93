import { resource } from '../src/api/resource.ts';
import { owner } from '../src/api/rules.ts';
import { serve } from '../src/api/serve.ts';
import { Video } from '../src/models/studio/video.ts';
import { media } from '../src/routes/media.ts';
import { streamRoutes } from '../src/routes/streams.ts';
import { VIDEO_CONTENT_TYPES, VIDEO_LIMITS } from '../src/services/media/video/limits.ts';

const path = '/v1/videos';
const own = media(Video, path, {
  contentTypes: VIDEO_CONTENT_TYPES,
  maxBytes: VIDEO_LIMITS.bytes,
});

export const videos = resource(Video, {
  path,
  can: { create: owner, read: owner, update: owner, remove: owner },
  include: ['user', 'project', 'track'],
  ...own,
  actions: [...own.actions, ...streamRoutes],
});

export const handler = serve(videos);
