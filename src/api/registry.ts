import { audios } from '../../functions/audios.ts';
import { auditEvents } from '../../functions/audit-events.ts';
import { auth } from '../../functions/auth.ts';
import { comfyuiExecutions } from '../../functions/comfyui-executions.ts';
import { comfyuiPods } from '../../functions/comfyui-pods.ts';
import { comfyuiResourceUsage } from '../../functions/comfyui-resource-usage.ts';
import { comfyuiWorkflows } from '../../functions/comfyui-workflows.ts';
import { consents } from '../../functions/consents.ts';
import { creditTransactions } from '../../functions/credit-transactions.ts';
import { credits } from '../../functions/credits.ts';
import { exportsResource } from '../../functions/exports.ts';
import { imageRenders } from '../../functions/image-renders.ts';
import { images } from '../../functions/images.ts';
import { jobs } from '../../functions/jobs.ts';
import { llmInteractions } from '../../functions/llm-interactions.ts';
import { llmMetrics } from '../../functions/llm-metrics.ts';
import { llmModels } from '../../functions/llm-models.ts';
import { media } from '../../functions/media.ts';
import { paymentMethods } from '../../functions/payment-methods.ts';
import { payments } from '../../functions/payments.ts';
import { privacyExports } from '../../functions/privacy-exports.ts';
import { projects } from '../../functions/projects.ts';
import { retentionPolicies } from '../../functions/retention-policies.ts';
import { retentionRuns } from '../../functions/retention-runs.ts';
import { runpodConfigurations } from '../../functions/runpod-configurations.ts';
import { runpodExecutions } from '../../functions/runpod-executions.ts';
import { runpodPods } from '../../functions/runpod-pods.ts';
import { runpodTemplates } from '../../functions/runpod-templates.ts';
import { runpodUsers } from '../../functions/runpod-users.ts';
import { sessions } from '../../functions/sessions.ts';
import { settings } from '../../functions/settings.ts';
import { socialAccounts } from '../../functions/social-accounts.ts';
import { stats } from '../../functions/stats.ts';
import { system } from '../../functions/system.ts';
import { tracks } from '../../functions/tracks.ts';
import { trash } from '../../functions/trash.ts';
import { users } from '../../functions/users.ts';
import { versions } from '../../functions/versions.ts';
import { videos } from '../../functions/videos.ts';
import { webhookEndpoints } from '../../functions/webhook-endpoints.ts';
import { webhooks } from '../../functions/webhooks.ts';
import type { Entity } from '../data/entity.ts';
import type { Resource } from './resource.ts';
import type { Route } from './route.ts';

/** Every function that answers HTTP, by its name in serverless.yml: for the documentation and the tests. */
export const served: Record<string, { routes: Route[]; entity?: Entity }> = {
  audios,
  auditEvents,
  auth,
  comfyuiExecutions,
  comfyuiPods,
  comfyuiResourceUsage,
  comfyuiWorkflows,
  consents,
  creditTransactions,
  credits,
  exports: exportsResource,
  imageRenders,
  images,
  jobs,
  llmInteractions,
  llmMetrics,
  llmModels,
  media,
  paymentMethods,
  payments,
  privacyExports,
  projects,
  retentionPolicies,
  retentionRuns,
  runpodConfigurations,
  runpodExecutions,
  runpodPods,
  runpodTemplates,
  runpodUsers,
  sessions,
  settings,
  socialAccounts,
  stats,
  system,
  tracks,
  trash,
  users,
  versions,
  videos,
  webhookEndpoints,
  webhooks,
};

/** Those of them that serve one entity as a resource. */
export const resources = Object.values(served).filter((s): s is Resource => s.entity !== undefined);
