import { resource } from '../src/api/resource.ts';
import { owner } from '../src/api/rules.ts';
import { serve } from '../src/api/serve.ts';
import { RunPodExecution } from '../src/models/runpod/execution.ts';
import { runpodExecutionActions } from '../src/routes/runpod.ts';

export const runpodExecutions = resource(RunPodExecution, {
  path: '/v1/runpod/executions',
  can: { read: owner },
  include: ['user', 'configuration', 'job'],
  actions: runpodExecutionActions,
});

export const handler = serve(runpodExecutions);
