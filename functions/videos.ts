import { serve } from '../src/api/http/serve.ts';
import { resource } from '../src/api/resource/resource.ts';
import { Video } from '../src/models/media/video.ts';
import { mediaActions } from '../src/routes/media/media.ts';
import { streamRoutes } from '../src/routes/media/streams.ts';
import { owner } from '../src/rules.ts';
import { VIDEO_CONTENT_TYPES, VIDEO_LIMITS } from '../src/services/media/video/limits.ts';

const path = '/v1/videos';
const kind = { contentTypes: VIDEO_CONTENT_TYPES, maxBytes: VIDEO_LIMITS.bytes };

export const videos = resource(Video, {
  path,
  can: { read: owner, update: owner },
  include: ['user', 'project', 'track', 'urls'],
  actions: [...mediaActions(Video, path, kind), ...streamRoutes],
});

export const handler = serve(videos);
