import { resource } from '../src/api/resource.ts';
import { owner, ownerOrShared } from '../src/api/rules.ts';
import { serve } from '../src/api/serve.ts';
import { ComfyUIWorkflowConfig } from '../src/models/comfyui/workflow-config.ts';

export const comfyuiWorkflows = resource(ComfyUIWorkflowConfig, {
  path: '/v1/comfyui/workflows',
  can: {
    create: owner,
    read: ownerOrShared(ComfyUIWorkflowConfig),
    update: owner,
    remove: owner,
  },
  include: ['user', 'executions'],
});

export const handler = serve(comfyuiWorkflows);
