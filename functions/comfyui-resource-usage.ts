import { resource } from '../src/api/resource.ts';
import { owner } from '../src/api/rules.ts';
import { serve } from '../src/api/serve.ts';
import { ComfyUIResourceUsage } from '../src/models/comfyui/resource-usage.ts';

export const comfyuiResourceUsage = resource(ComfyUIResourceUsage, {
  path: '/v1/comfyui/resource-usage',
  can: { read: owner },
  include: ['user', 'execution'],
});

export const handler = serve(comfyuiResourceUsage);
