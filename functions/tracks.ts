import { serve } from '../src/api/http/serve.ts';
import { resource } from '../src/api/resource/resource.ts';
import { Track } from '../src/models/media/track.ts';
import { mediaActions } from '../src/routes/media/media.ts';
import { owner } from '../src/rules.ts';
import { AUDIO_CONTENT_TYPES, AUDIO_LIMITS } from '../src/services/media/audio/limits.ts';

const path = '/v1/tracks';

export const tracks = resource(Track, {
  path,
  can: { read: owner, update: owner },
  include: ['user', 'project', 'generatedBy', 'videos', 'urls'],
  actions: mediaActions(Track, path, {
    contentTypes: AUDIO_CONTENT_TYPES,
    maxBytes: AUDIO_LIMITS.bytes,
  }),
});

export const handler = serve(tracks);
