import { serve } from '../src/api/http/serve.ts';
import { resource } from '../src/api/resource/resource.ts';
import { RunPodUser } from '../src/models/generation/runpod/user.ts';
import { owner } from '../src/rules.ts';

export const runpodUsers = resource(RunPodUser, {
  path: '/v1/runpod/users',
  can: { read: owner },
  include: ['user', 'configuration'],
});

export const handler = serve(runpodUsers);
