import { serve } from '../src/api/http/serve.ts';
import { resource } from '../src/api/resource/resource.ts';
import { ComfyUIWorkflowExecution } from '../src/models/generation/comfyui/workflow-execution.ts';
import { executionActions } from '../src/routes/generation/comfyui.ts';
import { batchRoute } from '../src/routes/generation/comfyui-batches.ts';
import { reviewRoutes } from '../src/routes/generation/comfyui-reviews.ts';
import { owner } from '../src/rules.ts';

export const comfyuiExecutions = resource(ComfyUIWorkflowExecution, {
  path: '/v1/comfyui/executions',
  can: { read: owner },
  include: ['user', 'workflow', 'project', 'job', 'usages'],
  actions: [...executionActions, batchRoute, ...reviewRoutes],
});

export const handler = serve(comfyuiExecutions);
