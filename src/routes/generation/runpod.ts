import type { Route } from '../../api/http/route.ts';
import { notYet, notYetCreate } from '../../api/resource/not-yet.ts';
import { RunPodExecution } from '../../models/generation/runpod/execution.ts';
import { RunPodPod } from '../../models/generation/runpod/pod.ts';
import { owner } from '../../rules.ts';

const common = { method: 'POST', access: 'user' } as const;
const UNREACHED = 'RunPod cannot be reached yet.';

/** Renting a pod, and what is done with it. */
export const runpodPodActions: Route[] = [
  notYetCreate(RunPodPod, { path: '/v1/runpod/pods', summary: 'Rent a pod.' }, UNREACHED),
  ...(['start', 'stop', 'terminate'] as const).map((verb) =>
    notYet(
      {
        ...common,
        path: `/v1/runpod/pods/{id}/${verb}`,
        id: `${verb}RunPod`,
        summary: `${verb[0]?.toUpperCase()}${verb.slice(1)} a pod.`,
        tag: 'RunPods',
      },
      UNREACHED,
      { entity: RunPodPod, rule: owner },
    ),
  ),
];

/** Calling a serverless endpoint. */
export const runpodExecutionActions: Route[] = [
  notYetCreate(
    RunPodExecution,
    { path: '/v1/runpod/executions', summary: 'Call a serverless endpoint.' },
    UNREACHED,
  ),
];
