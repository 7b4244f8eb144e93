import { idText } from '../../../data/ids.ts';
import type { Reviewed } from '../../../models/generation/comfyui/execution-state.ts';
import { takesMedium } from '../../../models/generation/comfyui/workflow-parameter.ts';
import { presignPlay } from '../../../providers/s3-links.ts';
import { JobFailure, type WakeLater } from '../../jobs/job-type.ts';
import { askModerator, isModerated, type Submission } from '../moderation.ts';
import { pace } from '../run-stages.ts';
import { setValues } from './fill-graph.ts';
import type { ExecutionWork, OpenRun } from './open-run.ts';
import { guessType, type PlannedFile } from './output-kinds.ts';
import { findInput, readValue } from './parameters.ts';
import type { PodDoc } from './pods.ts';
import { buildStagedKey, deleteStaged, stageOutput } from './stage-outputs.ts';
import { readParameters } from './stored-fields.ts';

/** How long the addresses in a submission work, in s. */
const LINKS_LAST = 3600;
/** After so long without a verdict, in ms, an administrator has to decide. */
const PATIENCE = 3_600_000;
/** When a run that is HELD looks whether it still is, in s: whoever decides wakes it. */
const HELD_FOR = 6 * 3600;

/** Has the values and media reviewed that a run is to be given; null when it may begin. */
export async function reviewInputs(work: ExecutionWork, run: OpenRun): Promise<WakeLater | null> {
  if (!needsReview(run, 'INPUTS')) return null;
  const { ctx } = work;
  const { document } = run;
  const parameters = await readParameters(ctx, document);
  const revision = await run.readRevision();
  const media: Submission['media'] = [];
  for (const parameter of revision?.parameters ?? []) {
    const id = readValue(parameters, parameter.name);
    if (!takesMedium(parameter.type) || typeof id !== 'string') continue;
    const found = await findInput(ctx, parameter, id, document.user);
    if (typeof found === 'string') continue;
    const { filePath, contentType } = found.medium;
    media.push({ kind: parameter.type, contentType, url: presignPlay(filePath, LINKS_LAST) });
  }
  const seeds = document.seeds as object | undefined;
  const graph = revision ? setValues(revision, { ...parameters, ...seeds }) : {};
  return review(work, run, 'INPUTS', { parameters, graph, media });
}

/** Has the files of a run reviewed before they become media; null when they may. @throws PodFailure; JobFailure */
export async function reviewOutputs(
  work: ExecutionWork,
  run: OpenRun,
  pod: PodDoc | null,
): Promise<WakeLater | null> {
  if (!needsReview(run, 'OUTPUTS')) return null;
  const files = (run.document.files ?? []) as PlannedFile[];
  const next = files.findIndex(({ stagedBytes }) => !stagedBytes);
  if (next >= 0) {
    if (!pod) throw new JobFailure('LOST', 'Its pod was deleted before its files were fetched.');
    await stageOutput(work, run, pod, next);
    return { wakeIn: 0 };
  }
  const media = files.map(({ kind, fileName }, position) => ({
    ...{ kind, contentType: guessType(kind, fileName) },
    url: presignPlay(buildStagedKey(run.document, position), LINKS_LAST),
  }));
  return review(work, run, 'OUTPUTS', { media });
}

function needsReview({ document }: OpenRun, of: Reviewed): boolean {
  return isModerated() && !document.allowed?.includes(of);
}

async function review(
  { ctx, signal }: ExecutionWork,
  run: OpenRun,
  of: Reviewed,
  about: Pick<Submission, 'parameters' | 'graph' | 'media'>,
): Promise<WakeLater | null> {
  const { _id, user, workflow, allowed, updatedAt } = run.document;
  const ids = { execution: idText(_id), user: idText(user), workflow: idText(workflow) };
  const verdict = await askModerator(ctx, { of, ...ids, ...about }, signal);
  const waited = run.since(updatedAt) ?? 0;
  if (!verdict && waited < PATIENCE) return { wakeIn: pace(waited / 1000, 60) };
  if (verdict?.verdict === 'ALLOW') {
    const set = { allowed: [...(allowed ?? []), of] };
    await run.save({ set }, null, [{ event: 'allowed', data: { of } }]);
    return null;
  }
  const reason = verdict ? verdict.reason : 'The moderation gives no answer.';
  if (verdict?.verdict === 'REFUSE') {
    if (of === 'OUTPUTS') await deleteStaged(run.document);
    throw new JobFailure('MODERATED', describeRefusal(of, reason));
  }
  await run.save({ set: { status: 'HELD', heldFor: of, heldReason: reason } }, 'hold', [
    { event: 'held', level: 'WARN', data: { of } },
  ]);
  return waitForDecision();
}

/** A run that is HELD waits, however long that is. */
export const waitForDecision = (): WakeLater => ({ wakeIn: HELD_FOR });

/** What the owner of a run is told whose inputs or outputs were refused. */
export function describeRefusal(of: Reviewed, reason: string): string {
  const what = of === 'INPUTS' ? 'What it was given' : 'What it has made';
  return `${what} was refused${reason ? `: ${reason}` : '.'}`;
}
