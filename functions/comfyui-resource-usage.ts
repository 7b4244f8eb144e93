import { serve } from '../src/api/http/serve.ts';
import { resource } from '../src/api/resource/resource.ts';
import { ComfyUIResourceUsage } from '../src/models/generation/comfyui/resource-usage.ts';
import { owner } from '../src/rules.ts';

export const comfyuiResourceUsage = resource(ComfyUIResourceUsage, {
  path: '/v1/comfyui/resource-usage',
  can: { read: owner },
  include: ['user', 'execution'],
});

export const handler = serve(comfyuiResourceUsage);
