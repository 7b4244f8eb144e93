import { serve } from '../src/api/http/serve.ts';
import { resource } from '../src/api/resource/resource.ts';
import { Audio } from '../src/models/media/audio.ts';
import { mediaActions } from '../src/routes/media/media.ts';
import { owner } from '../src/rules.ts';
import { AUDIO_CONTENT_TYPES, AUDIO_LIMITS } from '../src/services/media/audio/limits.ts';

const path = '/v1/audios';

export const audios = resource(Audio, {
  path,
  can: { read: owner, update: owner },
  include: ['user', 'project', 'urls'],
  actions: mediaActions(Audio, path, {
    contentTypes: AUDIO_CONTENT_TYPES,
    maxBytes: AUDIO_LIMITS.bytes,
  }),
});

export const handler = serve(audios);
