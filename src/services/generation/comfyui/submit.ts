import { randomUUID } from 'node:crypto';
import type { Ctx } from '../../../context.ts';
import { isWithin, markMoment } from '../../../moment.ts';
import { JobFailure, type WakeLater } from '../../jobs/job-type.ts';
import { pace } from '../run-stages.ts';
import { describeNeeds, listAblePods, type Needs } from './able-pods.ts';
import { PodFailure } from './call-pod.ts';
import { fillGraph } from './fill-graph.ts';
import { describeFollowed, followRun } from './follow-run.ts';
import { refuseForeignFiles } from './foreign-files.ts';
import { readCatalog } from './node-catalog.ts';
import type { ExecutionWork, OpenRun } from './open-run.ts';
import { recordPodFailure } from './pod-health.ts';
import { choosePod, type PodDoc } from './pods.ts';
import { type NodeErrors, stopPrompt, submitPrompt } from './protocol.ts';
import { readText } from './read-text.ts';
import { describeRefusal, explainRefusals, isPutOff, isRefusal, keepRefusal } from './refusals.ts';
import type { Revision } from './revisions.ts';
import { findRunFolder } from './run-folder.ts';
import { sendInputs } from './send-inputs.ts';
import { readValues } from './stored-fields.ts';

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
  const values = await readValues(ctx, document);
  const needs = describeNeeds(document, revision, values);
  const without = new Set(needs.without);
  let isUnreached = false;
  for (let i = 0; i < MOST_TRIES; i++) {
    const pod = await choosePod(ctx, { ...needs, without }, signal);
    if (!pod) return waitForPod(ctx, run, describeNeeds(run.document, revision, values));
    without.add(pod._id.toString());
    const outcome = await tryPod(work, run, pod, revision, values);
    if (outcome === 'TAKEN') return { wakeIn: 1 };
    // What became of the request will be seen at the pod.
    if (outcome === 'UNSURE') return { wakeIn: 2 };
    if (outcome === 'UNREACHED') isUnreached = true;
  }
  if (isUnreached) return waitForPod(ctx, run, describeNeeds(run.document, revision, values));
  // Those tried have refused it, and are not asked again: the next step tries others.
  return { wakeIn: 1 };
}

/** Waits for a pod that can run it; where there is none but such as have refused it, it has failed. */
async function waitForPod(ctx: Ctx, run: OpenRun, needs: Needs): Promise<WakeLater> {
  const able = await listAblePods(ctx, needs);
  const refused = explainRefusals(run.document);
  if (refused && !able.some(({ isDoubtful }) => !isDoubtful)) throw refused;
  const waited = run.since(run.document.waitingSince);
  if (waited === undefined) await run.save({ times: { waitingSince: 0 } }, null);
  else if (waited > LONGEST_WAIT) {
    throw refused ?? new JobFailure('NO_POD', 'No pod could take it for a day.');
  }
  return { wakeIn: pace((waited ?? 0) / 1000, 30) + 1 };
}

type Outcome = 'TAKEN' | 'UNSURE' | 'UNREACHED' | 'REFUSED';

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
    if (!isWithin(written, SEND_WITHIN)) return 'UNSURE';
    progress(2, 'SUBMITTING');
    await followRun(ctx, pod, describeFollowed(run.document, revision));
    const sent = await submitPrompt(pod, { promptId, graph, clientId: promptId }, signal);
    if (
      sent.is === 'REFUSED' ||
      (sent.is === 'ACCEPTED' && isCutShort(sent.nodeErrors, revision))
    ) {
      // Without the outputs that are asked for it would run in vain.
      if (sent.is === 'ACCEPTED') await stopPrompt(pod, promptId, signal);
      const reason = sent.is === 'REFUSED' ? describeRefusal(sent.message) : CUT_SHORT;
      await keepRefusal(run, pod, { code: 'REFUSED', reason, nodeErrors: sent.nodeErrors });
      return 'REFUSED';
    }
    const taken = { stage: 'SUBMITTED', status: 'RUNNING', progress: 5 };
    const unset = ['waitingSince', 'refusals', 'nodeErrors'];
    await run.save({ set: taken, unset }, 'submit', [
      { event: 'submitted', data: { submission: run.document.submissions } },
    ]);
    return 'TAKEN';
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof PodFailure)) throw error;
    const isSent = run.document.stage === 'SUBMITTING';
    if (isRefusal(error)) {
      const isTooLarge = error.status === 413 && !isSent;
      const code = isTooLarge ? 'INPUT_TOO_LARGE' : 'REFUSED';
      ctx.log.warn('A pod of ComfyUI refused a run.', { pod: pod._id.toString(), code });
      await keepRefusal(run, pod, { code, reason: error.message });
      return 'REFUSED';
    }
    if (!isPutOff(error)) await recordPodFailure(ctx, pod, error);
    if (isSent) {
      if (error.mayHaveHeard) return 'UNSURE';
      await giveUp(run);
    }
    return 'UNREACHED';
  }
}

/** Why a pod is not given what it would run in part. */
const CUT_SHORT = 'The pod would not make the outputs that are asked for.';

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
    return [id, ...(Array.isArray(dependents) ? dependents.map(readText) : [])];
  });
  if (failed.length === 0) return false;
  return outputs.length === 0 || outputs.some(({ node }) => failed.includes(node));
}
