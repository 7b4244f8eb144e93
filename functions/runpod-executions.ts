import { serve } from '../src/api/http/serve.ts';
import { resource } from '../src/api/resource/resource.ts';
import { RunPodExecution } from '../src/models/generation/runpod/execution.ts';
import { runpodExecutionActions } from '../src/routes/generation/runpod.ts';
import { owner } from '../src/rules.ts';

export const runpodExecutions = resource(RunPodExecution, {
  path: '/v1/runpod/executions',
  can: { read: owner },
  include: ['user', 'configuration', 'job'],
  actions: runpodExecutionActions,
});

export const handler = serve(runpodExecutions);
