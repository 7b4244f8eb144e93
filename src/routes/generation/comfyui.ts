import type { Route } from '../../api/http/route.ts';
import { childrenRoute } from '../../api/resource/list-routes.ts';
import { notYet, notYetCreate } from '../../api/resource/not-yet.ts';
import { ComfyUIExecutionLog } from '../../models/generation/comfyui/execution-log.ts';
import { ComfyUIWorkflowExecution } from '../../models/generation/comfyui/workflow-execution.ts';
import { owner } from '../../rules.ts';

const path = '/v1/comfyui/executions';
const tag = 'ComfyUIExecutions';
const common = { method: 'POST', tag, access: 'user' } as const;
const UNREACHED = 'No ComfyUI can be reached yet.';
const executions = { entity: ComfyUIWorkflowExecution, path, rule: owner, tag };

/** Running a workflow, and what happened while it ran. */
export const executionActions: Route[] = [
  notYetCreate(ComfyUIWorkflowExecution, { path: path, summary: 'Run a workflow.' }, UNREACHED),
  notYet(
    {
      ...common,
      path: `${path}/{id}/cancel`,
      id: 'cancelComfyUIExecution',
      summary: 'Stop a run.',
    },
    UNREACHED,
    executions,
  ),
  childrenRoute(executions, 'logs', ComfyUIExecutionLog, 'execution'),
];
