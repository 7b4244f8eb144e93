import { JobFailure } from '../../jobs/job-type.ts';
import type { PodFailure } from './call-pod.ts';
import type { ExecutionDoc, OpenRun } from './open-run.ts';
import type { PodDoc } from './pods.ts';
import type { NodeErrors } from './protocol.ts';
import { readText } from './read-text.ts';

/** What a pod has against a run. */
export interface Refusal {
  code: 'REFUSED' | 'INPUT_TOO_LARGE';
  /** What it answered, without any value. */
  reason: string;
  nodeErrors?: NodeErrors;
}

/** The statuses with which a server asks to be asked again: too slow, too early, too many requests. */
const ASK_AGAIN = [408, 425, 429];

/** Whether a pod asks to be asked again later: it is well. */
export function isPutOff({ status }: PodFailure): boolean {
  return status !== undefined && ASK_AGAIN.includes(status);
}

/** Whether a pod has understood and refused: it would do so again. */
export function isRefusal(failure: PodFailure): boolean {
  const { status = 0 } = failure;
  return status >= 400 && status < 500 && !isPutOff(failure);
}

/** What a pod says of a graph that it refuses: the kind of error alone, since a text may repeat a prompt. */
export function describeRefusal(said: string): string {
  return /^[a-z_]{1,64}$/.test(said) ? `The pod said ${said}.` : 'The pod refused the graph.';
}

/** The most refusals that are kept: as many as pods are looked at. */
const MOST_REFUSALS = 100;

/** Back to waiting, and this pod is not asked again: the run keeps what it has against it. */
export async function keepRefusal(
  run: OpenRun,
  { _id: pod }: PodDoc,
  { code, reason, nodeErrors }: Refusal,
): Promise<void> {
  const before = run.document.refusals ?? [];
  const refusals = [...before, { pod, code, reason }].slice(-MOST_REFUSALS);
  const set = {
    ...{ stage: 'WAITING', refusals },
    ...(nodeErrors && { nodeErrors: summarize(nodeErrors) }),
  };
  await run.save({ set, unset: ['pod', 'promptId', 'sentAt'] }, null, [
    { event: 'refused', level: 'WARN', message: reason },
  ]);
}

/** Why a run ends that no pod is left for; undefined where none has refused it. */
export function explainRefusals({ refusals, minVram }: ExecutionDoc): JobFailure | undefined {
  if (minVram != null) {
    const message = 'It did not fit into the memory of its pod, and no pod with more can run it.';
    return new JobFailure('OUT_OF_MEMORY', message);
  }
  const last = refusals?.findLast(({ code }) => code === 'INPUT_TOO_LARGE') ?? refusals?.at(-1);
  if (!last) return undefined;
  if (last.code === 'INPUT_TOO_LARGE') {
    return new JobFailure('INPUT_TOO_LARGE', `No pod takes a file so large. ${last.reason}`);
  }
  return new JobFailure('REFUSED', `ComfyUI refused the graph: see \`nodeErrors\`. ${last.reason}`);
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
        type: readText(error?.type).slice(0, 80),
        input: readText(error?.extra_info?.input_name).slice(0, 80),
      }));
      return [id.slice(0, 64), { classType: readText(class_type).slice(0, 120), errors: faults }];
    }),
  );
}
