import { entities } from '../../data/entity.ts';
import { nameMany } from './names.ts';

/**
 * The tags of the document, which group the operations in reference pages and clients: in the order in
 * which a newcomer needs them, and last those whose work is not implemented yet.
 */
const TAGS: Record<string, string> = {
  Auth: 'Registration, sign-in, tokens and passwords: where every client begins.',
  Users: 'The own account; for administrators, all of them.',
  Sessions: 'Where one is signed in.',
  Settings: 'What the signed-in user prefers.',
  Projects: 'What holds media and works together.',
  Tracks: 'Songs of a project: uploaded, analysed, played.',
  Videos: 'Videos, with poster, sprite, preview and an adaptive stream.',
  Images: 'Images, in any size.',
  Audios: 'Recordings, voices and effects, of a project or of none.',
  Media: 'Many uploads begun by one call.',
  Exports: 'A project rendered into one file.',
  ProjectImports: 'Projects made of the ZIP that another was exported as.',
  Versions: 'Former files of media, and those that are to replace them.',
  Trash: 'Deleted media, which may be restored.',
  Jobs: 'Work that goes on after its request, with its progress.',
  Events: 'What happens to jobs and media, as it happens: a stream for an `EventSource`.',
  WebhookEndpoints: 'Where events are delivered to, and what was delivered.',
  AuditEvents: 'What was changed, when, and by whom.',
  Consents: 'What the user agreed to.',
  Stats: 'Activity and usage, of the user or of the whole app.',
  Allowances: 'What an account may have and use, and what is left of it.',
  Credits: 'Balance of credits; what administrators add, take and stop.',
  CreditTransactions: 'Every change of the balance.',
  Payments: 'Purchases of credits, paid at the payment provider.',
  Subscriptions: 'Plans that are paid for again each period.',
  TopUps: 'Credits that are bought when they run low.',
  PaymentMethods: 'Saved ways to pay: what may be shown of them.',
  Webhooks: 'What providers tell.',
  ComfyUIWorkflows: 'Graphs of ComfyUI with named parameters.',
  ComfyUIExecutions: 'Runs of workflows, whose outputs become media.',
  ComfyUIPods: 'Where ComfyUI runs.',
  ComfyUIResourceUsage: 'What runs of ComfyUI used.',
  RunPodConfigurations: 'Accounts at RunPod, with their keys.',
  RunPodTemplates: 'What pods at RunPod are made of.',
  RunPodUsers: 'Users at RunPod.',
  LlmModels: 'Language models on offer.',
  LlmMetrics: 'How language models did.',
  RetentionPolicies: 'How long which documents are kept.',
  System: 'Health, and this document.',
  RunPods: 'Pods at RunPod. Not implemented yet.',
  RunPodExecutions: 'Calls of serverless endpoints at RunPod. Not implemented yet.',
  LlmInteractions: 'Questions to language models. Not implemented yet.',
  SocialAccounts: 'Accounts at social networks. Not implemented yet.',
  Privacy: 'All that is held about a user, as a ZIP. Not implemented yet.',
  RetentionRuns: 'What was deleted by a retention policy. Not implemented yet.',
};

/**
 * Describes the tags in use, in their order; an entity that has no place in it comes before what is for
 * operators, with what the entity is about.
 * @throws Error when a tag is no entity's and has no description
 */
export function describeTags(used: ReadonlySet<string>): { name: string; description: string }[] {
  const others = [...used].filter((name) => !TAGS[name]);
  const all = Object.entries(TAGS);
  const system = all.findIndex(([name]) => name === 'System');
  all.splice(system, 0, ...others.map((name): [string, string] => [name, describeOther(name)]));
  return all.flatMap(([name, description]) => (used.has(name) ? [{ name, description }] : []));
}

function describeOther(tag: string): string {
  const about = [...entities.values()].find(({ name }) => nameMany(name) === tag)?.options.about;
  if (!about) throw new Error(`Say in TAGS what the operations of ${tag} are for.`);
  return about;
}
