import { serve } from '../src/api/http/serve.ts';
import { resource } from '../src/api/resource/resource.ts';
import { RunPodPod } from '../src/models/generation/runpod/pod.ts';
import { runpodPodActions } from '../src/routes/generation/runpod.ts';
import { owner } from '../src/rules.ts';

export const runpodPods = resource(RunPodPod, {
  path: '/v1/runpod/pods',
  can: { read: owner },
  include: ['user', 'configuration', 'template'],
  actions: runpodPodActions,
});

export const handler = serve(runpodPods);
