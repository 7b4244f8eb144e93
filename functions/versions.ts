import { serve } from '../src/api/http/serve.ts';
import { resource } from '../src/api/resource/resource.ts';
import { MediumVersion } from '../src/models/media/medium-version.ts';
import { versionActions } from '../src/routes/media/versions.ts';
import { owner } from '../src/rules.ts';

export const versions = resource(MediumVersion, {
  path: '/v1/versions',
  can: { read: owner, remove: owner },
  include: ['user', 'track', 'audio', 'video', 'image', 'urls'],
  actions: versionActions,
});

export const handler = serve(versions);
