import { resource } from '../src/api/resource.ts';
import { owner } from '../src/api/rules.ts';
import { serve } from '../src/api/serve.ts';
import { RunPodUser } from '../src/models/runpod/user.ts';

export const runpodUsers = resource(RunPodUser, {
  path: '/v1/runpod/users',
  can: { read: owner },
  include: ['user', 'configuration'],
});

export const handler = serve(runpodUsers);
