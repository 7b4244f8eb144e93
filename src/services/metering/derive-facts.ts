import type { Base } from '../../data/entity.ts';
import { entities } from '../../data/entity.ts';
import type { UUID } from '../../data/ids.ts';
import type { Amount, NewFact } from './insert-facts.ts';

/** An audit event, as far as it is metered. */
export interface Change extends Base {
  action: string;
  entity: string;
  document: UUID;
  /** Path → value before and after. */
  changes: Record<string, [before: unknown, after: unknown] | undefined>;
}

/** What is known of a job beside the event that ends it. */
export interface EndedJob {
  type: string;
  startedAt?: Date | null;
}

/** The documents that count as such. */
const COUNTED = new Set(
  ['Project', 'Track', 'Audio', 'Video', 'Image', 'Export', 'ComfyUIWorkflowConfig'].concat([
    'ComfyUIWorkflowExecution',
    'LlmInteraction',
  ]),
);
/** What takes a document out of its collection. */
const REMOVALS = new Set(['delete', 'trash']);
/** Job types that render. */
const RENDERS = new Set(['export', 'stream-video']);
const OUTCOMES = new Set(['COMPLETED', 'FAILED', 'CANCELLED']);

/**
 * Says what an audited change counts for; nothing, where it counts for nothing.
 * @param job of the end of a job: the job, unless it is gone
 */
export function deriveFact(change: Change, job?: EndedJob): NewFact | undefined {
  const { _id, user, createdAt: at } = change;
  const amounts = [
    ...countDocument(change),
    ...countBytes(change),
    ...countMinutes(change),
    ...countExport(change),
    ...countTokens(change),
    ...countAccount(change),
    ...countJob(change, job),
  ];
  return amounts.length > 0 ? { _id, ...(user && { user }), at, amounts } : undefined;
}

/** Whether an event tells of the end of a job. */
export function isEndOfJob({ entity, changes }: Change): boolean {
  return entity === 'Job' && OUTCOMES.has(readAfter(changes.status) as string);
}

function countDocument({ entity, action, changes }: Change): Amount[] {
  if (!COUNTED.has(entity)) return [];
  const dimensions = { entity };
  if (REMOVALS.has(action)) return [{ metric: 'documents', amount: -1, dimensions }];
  // The owner is written once, with the document.
  const isMade = action === 'restore' || changes.user !== undefined;
  return isMade ? [{ metric: 'documents', amount: 1, dimensions }] : [];
}

/** The bytes of what goes into the trash, or comes back, stay where they are. */
function countBytes({ entity, action, changes }: Change): Amount[] {
  if (!entities.get(entity)?.options.bytes || action === 'trash') return [];
  const [before, after] = changes.size ?? [];
  const amount = Number(after ?? 0) - Number(before ?? 0);
  return amount === 0 ? [] : [{ metric: 'storage.bytes', amount }];
}

function countMinutes({ entity, action, changes }: Change): Amount[] {
  if (action !== 'ready') return [];
  const facts = (readAfter(changes.video) ?? readAfter(changes.audio)) as
    | { durationSeconds?: number }
    | undefined;
  const amount = (facts?.durationSeconds ?? 0) / 60;
  return amount > 0 ? [{ metric: 'media.minutes', amount, dimensions: { entity } }] : [];
}

function countExport({ entity, changes }: Change): Amount[] {
  const isDone = entity === 'Export' && readAfter(changes.status) === 'COMPLETED';
  return isDone ? [{ metric: 'exports', amount: 1 }] : [];
}

function countTokens({ entity, changes }: Change): Amount[] {
  if (entity !== 'LlmInteraction') return [];
  const usage = readAfter(changes.usage) as Record<string, number> | undefined;
  const of = (kind: string, amount = 0): Amount[] =>
    amount > 0 ? [{ metric: 'tokens', amount, dimensions: { kind } }] : [];
  return [...of('prompt', usage?.promptTokens), ...of('completion', usage?.completionTokens)];
}

function countAccount({ entity, action, changes }: Change): Amount[] {
  if (action === 'sign-in') return [{ metric: 'accounts.signIns', amount: 1 }];
  if (action === 'sign-in-failed') {
    // After the tenth in a quarter of an hour one event tells of several.
    const amount = (readAfter(changes.count) as number | undefined) ?? 1;
    return [{ metric: 'accounts.signInsFailed', amount }];
  }
  const isNew = entity === 'User' && changes.email !== undefined && changes.email[0] === null;
  return isNew ? [{ metric: 'accounts.registered', amount: 1 }] : [];
}

function countJob(change: Change, job?: EndedJob): Amount[] {
  if (!isEndOfJob(change)) return [];
  const { changes } = change;
  const outcome = readAfter(changes.status) as string;
  const type = job?.type ?? 'unknown';
  const ended: Amount = { metric: 'jobs', amount: 1, dimensions: { outcome, type } };
  if (outcome === 'FAILED') {
    const { code = 'UNKNOWN' } = (readAfter(changes.error) ?? {}) as { code?: string };
    return [ended, { metric: 'jobs.failed', amount: 1, dimensions: { code, type } }];
  }
  if (outcome !== 'COMPLETED') return [ended];
  const rendered: Amount[] = RENDERS.has(type)
    ? [{ metric: 'renders', amount: 1, dimensions: { type } }]
    : [];
  return [ended, ...rendered, ...measureJob(change, job)];
}

function measureJob({ document, createdAt }: Change, job?: EndedJob): Amount[] {
  if (!job?.startedAt) return [];
  const { type, startedAt } = job;
  const dimensions = { type };
  // The hosts' clocks may differ by a little.
  const wait = Math.max(0, startedAt.getTime() - readTime(document));
  const run = Math.max(0, createdAt.getTime() - startedAt.getTime());
  return [
    { metric: 'jobs.wait', amount: wait, dimensions },
    { metric: 'jobs.run', amount: run, dimensions },
  ];
}

/** When an id was made, in ms since 1970. */
export function readTime(id: UUID): number {
  return Buffer.from(id.buffer).readUIntBE(0, 6);
}

function readAfter(change: [unknown, unknown] | undefined): unknown {
  return change?.[1] ?? undefined;
}
