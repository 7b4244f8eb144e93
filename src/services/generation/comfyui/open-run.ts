import type { Ctx } from '../../../context.ts';
import { databaseTime } from '../../../data/database-time.ts';
import type { DocOf } from '../../../data/entity.ts';
import { newId } from '../../../data/ids.ts';
import { transaction } from '../../../data/transaction.ts';
import { type Update, update } from '../../../data/write.ts';
import { ComfyUIExecutionLog } from '../../../models/generation/comfyui/execution-log.ts';
import { ComfyUIWorkflowExecution } from '../../../models/generation/comfyui/workflow-execution.ts';
import { LostClaim, Superseded, type Work } from '../../jobs/job-type.ts';
import type { RunState } from '../run-stages.ts';
import { type ExecutionInput, type ExecutionResult, OPEN } from './execution-input.ts';
import { findRevision, type Revision } from './revisions.ts';

export type ExecutionDoc = DocOf<typeof ComfyUIWorkflowExecution>;
export type ExecutionWork = Work<ExecutionInput, ExecutionResult>;

/** A run in the hands of one worker. */
export interface OpenRun {
  document: ExecutionDoc;
  /** The revision that it runs, read once: a graph may have megabytes. Null where it was never kept. */
  readRevision(): Promise<Revision | null>;
  /** Since when something is so, in ms, by the clock of the database. */
  since(date: Date | null | undefined): number | undefined;
  /**
   * Changes the document, tells of it in its log, and writes what else there is: all, or nothing.
   * @throws LostClaim when another worker has the run, or it has ended
   */
  save(
    change: Update,
    action: string | null,
    lines?: LogLine[],
    more?: (tx: Ctx) => Promise<void>,
  ): Promise<void>;
}

/** A line of the log of an execution. */
export interface LogLine {
  event: string;
  level?: 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';
  at?: Date;
  node?: string;
  message?: string;
  data?: object;
}

/** How long lines are kept, in ms: 30 days. */
const KEPT = 30 * 24 * 3_600_000;

/**
 * Takes a run into hand: from now on, whoever had it before can no longer write. @throws Superseded when it
 * does not wait for this job
 */
export async function openRun({ ctx, input, job, token }: ExecutionWork): Promise<OpenRun> {
  const waiting = { _id: input.document, job: job._id, status: { $in: OPEN } };
  const found = await ComfyUIWorkflowExecution.collection.findOneAndUpdate(
    { ...waiting, $or: [{ fence: { $exists: false } }, { fence: { $lte: token } }] },
    [{ $set: { fence: token, lookedAt: databaseTime(ctx) } }],
    { returnDocument: 'after', projection: { outbox: 0 } },
  );
  if (!found) throw new Superseded('The execution no longer waits for this job.');
  let revision: Promise<Revision | null> | undefined;
  const run: OpenRun = {
    document: found as unknown as ExecutionDoc,
    readRevision() {
      const { workflow, workflowRevision } = run.document;
      revision ??= findRevision(ctx, workflow, workflowRevision);
      return revision;
    },
    since: (date) =>
      date ? (run.document.lookedAt as Date).getTime() - date.getTime() : undefined,
    async save(change, action, lines = [], more = async () => {}) {
      const mine = { ...waiting, fence: token };
      const stored = await transaction(ctx, async (tx) => {
        const stored = await update(tx, ComfyUIWorkflowExecution, mine, change, action);
        if (!stored) return null;
        await writeLog(tx, run.document, lines);
        await more(tx);
        return stored;
      });
      if (!stored) throw new LostClaim();
      // What is hidden is not answered by an update.
      run.document = { ...run.document, ...change.set, ...stored } as ExecutionDoc;
      for (const path of change.unset ?? []) delete (run.document as Record<string, unknown>)[path];
      for (const path of Object.keys(change.times ?? {})) {
        Object.assign(run.document, { [path]: run.document.lookedAt });
      }
    },
  };
  return run;
}

/** Writes lines into the log of an execution. */
export async function writeLog(
  ctx: Ctx,
  { _id: execution, user }: Pick<ExecutionDoc, '_id' | 'user'>,
  lines: LogLine[],
): Promise<void> {
  if (lines.length === 0) return;
  const now = new Date(ctx.clock());
  const documents = lines.map(({ level = 'INFO', at = now, ...line }) => ({
    _id: newId(now.getTime()),
    ...{ execution, user, at, level, ...line, expiresAt: new Date(now.getTime() + KEPT) },
    ...{ createdAt: now, updatedAt: now, version: 1 },
  }));
  await ComfyUIExecutionLog.collection.insertMany(documents as never, {
    ...(ctx.session && { session: ctx.session }),
  });
}

/** What a decision about a run needs to know of it. */
export function readState({ document, since }: OpenRun, heldSeconds?: number): RunState {
  return {
    stage: document.stage,
    sinceSent: since(document.sentAt),
    sinceRunning: since(document.runningSince),
    mayRun: heldSeconds === undefined ? undefined : 1000 * heldSeconds,
    sinceMissing: since(document.missingSince),
    sinceUnreached: since(document.unreachedSince),
  };
}
