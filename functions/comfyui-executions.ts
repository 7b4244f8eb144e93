import { resource } from '../src/api/resource.ts';
import { owner } from '../src/api/rules.ts';
import { serve } from '../src/api/serve.ts';
import { ComfyUIWorkflowExecution } from '../src/models/comfyui/workflow-execution.ts';
import { executionActions } from '../src/routes/comfyui.ts';

export const comfyuiExecutions = resource(ComfyUIWorkflowExecution, {
  path: '/v1/comfyui/executions',
  can: { read: owner },
  include: ['user', 'workflow', 'project', 'job', 'usages'],
  actions: executionActions,
});

export const handler = serve(comfyuiExecutions);
