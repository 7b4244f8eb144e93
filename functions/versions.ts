import { resource } from '../src/api/resource.ts';
import { owner } from '../src/api/rules.ts';
import { serve } from '../src/api/serve.ts';
import { MediumVersion } from '../src/models/studio/medium-version.ts';
import { versionActions } from '../src/routes/versions.ts';

export const versions = resource(MediumVersion, {
  path: '/v1/versions',
  can: { read: owner, remove: owner },
  include: ['user', 'track', 'audio', 'video', 'image'],
  actions: versionActions,
});

export const handler = serve(versions);
