import { serve } from '../src/api/http/serve.ts';
import { resource } from '../src/api/resource/resource.ts';
import { ComfyUIPod } from '../src/models/generation/comfyui/pod.ts';
import { admin } from '../src/rules.ts';

export const comfyuiPods = resource(ComfyUIPod, {
  path: '/v1/comfyui/pods',
  can: { create: admin, read: admin, update: admin, remove: admin },
  include: ['runpodPod'],
});

export const handler = serve(comfyuiPods);
