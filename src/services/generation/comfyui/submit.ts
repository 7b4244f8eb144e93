import { randomUUID } from 'node:crypto';
import { isWithin, markMoment } from '../../../moment.ts';
import { JobFailure, type WakeLater } from '../../jobs/job-type.ts';
import { pace } from '../run-stages.ts';
import { PodFailure } from './call-pod.ts';
import { fillGraph } from './fill-graph.ts';
import { describeFollowed, followRun } from './follow-run.ts';
import { refuseForeignFiles } from './foreign-files.ts';
import { readCatalog } from './node-catalog.ts';
import type { ExecutionWork, OpenRun } from './open-run.ts';
import { recordPodFailure } from './pod-health.ts';
import { choosePod, type PodDoc } from './pods.ts';
import { type NodeErrors, stopPrompt, submitPrompt } from './protocol.ts';
import type { Revision } from './revisions.ts';
import { findRunFolder } from './run-folder.ts';
import { sendInputs } from './send-inputs.ts';
import { readParameters } from './stored-fields.ts';

/** How many pods are tried in one step. */
const MOST_TRIES = 3;
/** How long after it was written that it is sent it may be sent at most, in ms. */
const SEND_WITHIN = 8_000;
/** How long a run waits for a pod, in ms. */
const LONGEST_WAIT = 24 * 3_600_000;

/**
 * Gives a run to the pod with the least to do. Until a pod may have heard of it, another one may be tried; from
 * then on it is that pod's.
 */
export async function submitRun(work: ExecutionWork, run: OpenRun): Promise<WakeLater> {
  const { ctx, signal } = work;
  const { document } = run;
  const revision = await run.readRevision();
  if (!revision) throw new JobFailure('NO_WORKFLOW', 'The workflow was deleted.');
  const values = { ...(await readParameters(ctx, document)), ...(document.seeds as object) };
  const classes = new Set(Object.values(revision.graph).map((node) => node.class_type));
  const without = new Set<string>();
  let refused: NodeErrors | undefined;
  for (let i = 0; i < MOST_TRIES; i++) {
    const needs = { classes, without, vramAbove: document.minVram ?? undefined };
    const pod = await choosePod(ctx, needs, signal);
    if (!pod) break;
    without.add(pod._id.toString());
    const outcome = await tryPod(work, run, pod, revision, values);
    if (outcome.is === 'TAKEN') return { wakeIn: 1 };
    // What became of the request will be seen at the pod.
    if (outcome.is === 'UNSURE') return { wakeIn: 2 };
    if (outcome.is === 'REFUSED') refused = outcome.nodeErrors;
  }
  if (refused) {
    await run.save({ set: { nodeErrors: summarize(refused) } }, null);
    throw new JobFailure('REFUSED', 'ComfyUI refused the graph: see `nodeErrors`.');
  }
  const waited = run.since(run.document.waitingSince);
  if (waited === undefined) await run.save({ times: { waitingSince: 0 } }, null);
  else if (waited > LONGEST_WAIT) {
    throw new JobFailure('NO_POD', 'No pod could take it for a day.');
  }
  return { wakeIn: pace((waited ?? 0) / 1000, 30) + 1 };
}

type Outcome = { is: 'TAKEN' | 'UNSURE' | 'UNREACHED' } | { is: 'REFUSED'; nodeErrors: NodeErrors };

async function tryPod(
  { ctx, signal, progress }: ExecutionWork,
  run: OpenRun,
  pod: PodDoc,
  revision: Revision,
  values: Record<string, unknown>,
): Promise<Outcome> {
  const promptId = randomUUID();
  const { document } = run;
  try {
    const folder = findRunFolder(promptId);
    const { parameters } = revision;
    const named = await sendInputs(ctx, pod, document, parameters, values, folder, signal);
    const graph = fillGraph(revision, { ...values, ...named }, promptId);
    refuseForeignFiles(graph, await readCatalog(ctx, pod._id), named);
    // Written before it is sent: whoever comes after a crash knows under which id to look for it.
    const written = markMoment();
    const set = { stage: 'SUBMITTING', pod: pod._id, promptId };
    const counted = { ...set, submissions: document.submissions + 1 };
    await run.save({ set: counted, times: { sentAt: 0 } }, null, [{ event: 'submitting' }]);
    // A worker that was stopped meanwhile sends nothing: another may do so by now.
    if (!isWithin(written, SEND_WITHIN)) return { is: 'UNSURE' };
    progress(2, 'SUBMITTING');
    await followRun(ctx, pod, describeFollowed(run.document, revision));
    const sent = await submitPrompt(pod, { promptId, graph, clientId: promptId }, signal);
    if (
      sent.is === 'REFUSED' ||
      (sent.is === 'ACCEPTED' && isCutShort(sent.nodeErrors, revision))
    ) {
      // Without the outputs that are asked for it would run in vain.
      if (sent.is === 'ACCEPTED') await stopPrompt(pod, promptId, signal);
      await giveUp(run);
      return { is: 'REFUSED', nodeErrors: sent.nodeErrors };
    }
    const taken = { stage: 'SUBMITTED', status: 'RUNNING', progress: 5 };
    await run.save({ set: taken, unset: ['waitingSince'] }, 'submit', [
      { event: 'submitted', data: { submission: run.document.submissions } },
    ]);
    return { is: 'TAKEN' };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof PodFailure)) throw error;
    if (error.status === undefined || error.status >= 500) await recordPodFailure(ctx, pod, error);
    if (run.document.stage === 'SUBMITTING') {
      if (error.mayHaveHeard) return { is: 'UNSURE' };
      await giveUp(run);
    }
    return { is: 'UNREACHED' };
  }
}

/** Back to waiting: the pod has not taken it. */
async function giveUp(run: OpenRun): Promise<void> {
  const unset = ['pod', 'promptId', 'sentAt'];
  await run.save({ set: { stage: 'WAITING' }, unset }, null, [
    { event: 'not_taken', level: 'WARN' },
  ]);
}

/** Whether outputs that are asked for have failed the check, where others have passed it. */
function isCutShort(nodeErrors: NodeErrors, { outputs }: Revision): boolean {
  const failed = Object.entries(nodeErrors).flatMap(([id, error]) => {
    const dependents = (error as { dependent_outputs?: unknown } | null)?.dependent_outputs;
    return [id, ...(Array.isArray(dependents) ? dependents.map(String) : [])];
  });
  if (failed.length === 0) return false;
  return outputs.length === 0 || outputs.some(({ node }) => failed.includes(node));
}

/** The most nodes and errors that are told. */
const MOST_TOLD = 20;

/** Which rule which input of which node breaks: without the values, which may be a prompt. */
function summarize(nodeErrors: NodeErrors): Record<string, unknown> {
  const told = Object.entries(nodeErrors).slice(0, MOST_TOLD);
  return Object.fromEntries(
    told.map(([id, node]) => {
      const { class_type, errors } = (node ?? {}) as { class_type?: unknown; errors?: unknown };
      const list = Array.isArray(errors) ? errors.slice(0, MOST_TOLD) : [];
      const faults = list.map((error) => ({
        type: String(error?.type ?? '').slice(0, 80),
        input: String(error?.extra_info?.input_name ?? '').slice(0, 80),
      }));
      return [
        id.slice(0, 64),
        { classType: String(class_type ?? '').slice(0, 120), errors: faults },
      ];
    }),
  );
}
