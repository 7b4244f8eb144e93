import { serve } from '../src/api/http/serve.ts';
import { resource } from '../src/api/resource/resource.ts';
import { getReaders } from '../src/data/readers.ts';
import { ComfyUIWorkflowConfig } from '../src/models/generation/comfyui/workflow-config.ts';
import { workflowActions } from '../src/routes/generation/comfyui-workflows.ts';
import { owner } from '../src/rules.ts';

export const comfyuiWorkflows = resource(ComfyUIWorkflowConfig, {
  path: '/v1/comfyui/workflows',
  can: { read: getReaders(ComfyUIWorkflowConfig), remove: owner },
  include: ['user', 'executions'],
  actions: workflowActions,
});

export const handler = serve(comfyuiWorkflows);
