import { resource } from '../src/api/resource.ts';
import { admin } from '../src/api/rules.ts';
import { serve } from '../src/api/serve.ts';
import { ComfyUIPod } from '../src/models/comfyui/pod.ts';

export const comfyuiPods = resource(ComfyUIPod, {
  path: '/v1/comfyui/pods',
  can: { create: admin, read: admin, update: admin, remove: admin },
  include: ['runpodPod'],
});

export const handler = serve(comfyuiPods);
