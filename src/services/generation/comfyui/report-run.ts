import { Readable } from 'node:stream';
import type { Ctx } from '../../../context.ts';
import { findOne } from '../../../data/read.ts';
import { update } from '../../../data/write.ts';
import { ComfyUIWorkflowExecution } from '../../../models/generation/comfyui/workflow-execution.ts';
import { Job } from '../../../models/jobs/job.ts';
import { uploadStream } from '../../../providers/upload-stream.ts';
import { hurryJob } from '../../jobs/hurry.ts';
import { isModerated } from '../moderation.ts';
import { OPEN } from './execution-input.ts';
import type { Followed } from './follow-run.ts';
import { type LogLine, writeLog } from './open-run.ts';
import { buildPreviewKey } from './preview.ts';
import type { RunEvent } from './socket-events.ts';

/** Writes down what is heard of a run. */
export interface RunReport {
  tell(event: RunEvent): void;
  /** Whether nobody waits for the run any more. */
  isOver(): Promise<boolean>;
  /** Writes the rest, and wakes the job: it sees how the run has ended. */
  end(): Promise<void>;
}

/** What is heard is written once in so many ms, whatever a pod sends. */
const PACE = 1000;
/** The most lines that are written of one run. */
const MOST_LINES = 200;
/** What a run has of the progress of its execution, in percent: from here to there. */
const [FROM, TO] = [10, 80];

export function startReport(ctx: Ctx, run: Followed): RunReport {
  const { execution, promptId, job, user, nodes } = run;
  const mine = { _id: execution, promptId, status: { $in: OPEN } };
  const finished = new Set<string>();
  let share = 0;
  let lines: LogLine[] = [];
  let written = 0;
  let percent = 0;
  let preview: Extract<RunEvent, { is: 'PREVIEW' }> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let writing = Promise.resolve();

  function schedule(): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      flush();
    }, PACE).unref();
  }

  function flush(): Promise<void> {
    writing = writing.then(write).catch((error: Error) => {
      ctx.log.info('What was heard of a run could not be written.', { error: error.message });
    });
    return writing;
  }

  async function write(): Promise<void> {
    const done = (finished.size + share) / Math.max(1, nodes);
    const next = Math.floor(FROM + (TO - FROM) * Math.min(1, done));
    if (next > percent) {
      percent = next;
      const less = { progress: { $lt: percent } };
      const set = { progress: percent };
      await update(ctx, ComfyUIWorkflowExecution, { ...mine, ...less }, { set }, null);
      const open = { _id: job, status: { $in: ['QUEUED', 'RUNNING'] } };
      await update(ctx, Job, { ...open, ...less }, { set }, null);
    }
    const some = lines;
    lines = [];
    written += some.length;
    await writeLog(ctx, { _id: execution, user }, some);
    const shown = preview;
    preview = undefined;
    // What nobody has reviewed is shown to nobody.
    if (shown && !isModerated()) await storePreview(shown);
  }

  async function storePreview({ bytes, contentType }: NonNullable<typeof preview>) {
    const key = buildPreviewKey({ _id: execution, user });
    const patience = AbortSignal.timeout(10_000);
    await uploadStream(key, Readable.from([bytes]), contentType, patience);
    const set = { previewAt: new Date(ctx.clock()) };
    await update(ctx, ComfyUIWorkflowExecution, mine, { set }, null);
  }

  return {
    tell(event) {
      if (event.is === 'PREVIEW') preview = event;
      else if (event.is === 'NODE') {
        share = 0;
        if (written + lines.length >= MOST_LINES) return;
        lines.push({
          event: 'executing',
          level: 'DEBUG',
          node: event.node,
          at: new Date(ctx.clock()),
        });
      } else if (event.is === 'PROGRESS') {
        // A pod may name nodes that there are not.
        for (const node of event.finished) if (finished.size < nodes) finished.add(node);
        share = event.share ?? 0;
      }
      schedule();
    },
    async isOver() {
      const only = { projection: { _id: 1 } };
      return (await findOne(ctx, ComfyUIWorkflowExecution, mine, only)) === null;
    },
    async end() {
      clearTimeout(timer);
      await flush();
      await hurryJob(ctx, job, 0);
    },
  };
}
