import { resource } from '../src/api/resource.ts';
import { owner } from '../src/api/rules.ts';
import { serve } from '../src/api/serve.ts';
import { RunPodPod } from '../src/models/runpod/pod.ts';
import { runpodPodActions } from '../src/routes/runpod.ts';

export const runpodPods = resource(RunPodPod, {
  path: '/v1/runpod/pods',
  can: { read: owner },
  include: ['user', 'configuration', 'template'],
  actions: runpodPodActions,
});

export const handler = serve(runpodPods);
