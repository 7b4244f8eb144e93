import { bodyOf } from '../api/input.ts';
import { notYet } from '../api/not-yet.ts';
import type { Route } from '../api/route.ts';
import { owner } from '../api/rules.ts';
import { ownedFields } from '../api/verbs.ts';
import { RunPodExecution } from '../models/runpod/execution.ts';
import { RunPodPod } from '../models/runpod/pod.ts';

const common = { method: 'POST', access: 'user' } as const;
const UNREACHED = 'RunPod cannot be reached yet.';

/** Renting a pod, and what is done with it. */
export const runpodPodActions: Route[] = [
  notYet(
    {
      ...common,
      path: '/v1/runpod/pods',
      id: 'createRunPodPod',
      summary: 'Rent a pod.',
      tag: 'RunPodPods',
      body: bodyOf(RunPodPod.shape, 'create'),
      owned: ownedFields(RunPodPod, 'create'),
    },
    UNREACHED,
  ),
  ...(['start', 'stop', 'terminate'] as const).map((verb) =>
    notYet(
      {
        ...common,
        path: `/v1/runpod/pods/{id}/${verb}`,
        id: `${verb}RunPodPod`,
        summary: `${verb[0]?.toUpperCase()}${verb.slice(1)} a pod.`,
        tag: 'RunPodPods',
      },
      UNREACHED,
      { entity: RunPodPod, rule: owner },
    ),
  ),
];

/** Calling a serverless endpoint. */
export const runpodExecutionActions: Route[] = [
  notYet(
    {
      ...common,
      path: '/v1/runpod/executions',
      id: 'createRunPodExecution',
      summary: 'Call a serverless endpoint.',
      tag: 'RunPodExecutions',
      body: bodyOf(RunPodExecution.shape, 'create'),
      owned: ownedFields(RunPodExecution, 'create'),
    },
    UNREACHED,
  ),
];
