import { pluralOf } from '../../data/entity.ts';

/**
 * How the API calls an entity, where that is not the name of its model: in operations, schemas and
 * tags, which become the names of methods and types in generated clients.
 */
const CALLED: Record<string, [one: string, many: string] | undefined> = {
  ComfyUIResourceUsage: ['ComfyUIResourceUsage', 'ComfyUIResourceUsage'],
  ComfyUIWorkflowConfig: ['ComfyUIWorkflow', 'ComfyUIWorkflows'],
  ComfyUIWorkflowExecution: ['ComfyUIExecution', 'ComfyUIExecutions'],
  CreditsTransaction: ['CreditTransaction', 'CreditTransactions'],
  MediumVersion: ['Version', 'Versions'],
  RunPodPod: ['RunPod', 'RunPods'],
  TrashedMedium: ['TrashedMedium', 'TrashedMedia'],
};

/** `RunPodPod` → `RunPod`. */
export function nameOne(entityName: string): string {
  return CALLED[entityName]?.[0] ?? entityName;
}

/** `RunPodPod` → `RunPods`. */
export function nameMany(entityName: string): string {
  return CALLED[entityName]?.[1] ?? pluralOf(entityName);
}
