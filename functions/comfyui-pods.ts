import { serve } from '../src/api/http/serve.ts';
import { resource } from '../src/api/resource/resource.ts';
import { ComfyUIPod } from '../src/models/generation/comfyui/pod.ts';
import { removePod, updatePod } from '../src/routes/generation/comfyui-pods.ts';
import { admin } from '../src/rules.ts';

const path = '/v1/comfyui/pods';

export const comfyuiPods = resource(ComfyUIPod, {
  path,
  can: { create: admin, read: admin },
  include: ['runpodPod'],
  actions: [updatePod(path), removePod(path)],
});

export const handler = serve(comfyuiPods);
