import { idText } from '../../../src/data/ids.ts';
import { CreditAccount } from '../../../src/models/billing/credit-account.ts';
import { CreditHold } from '../../../src/models/billing/credit-hold.ts';
import { ComfyUIWorkflowExecution } from '../../../src/models/generation/comfyui/workflow-execution.ts';
import { ANY_QUEUE, Job, OPEN_STATUSES } from '../../../src/models/jobs/job.ts';
import { Image } from '../../../src/models/media/image.ts';
import { headObject } from '../../../src/providers/s3.ts';
import { PRICE } from './owner.ts';
import type { SimulatedPod } from './pods.ts';
import type { Started, World } from './run-schedule.ts';

const ENDS = ['COMPLETED', 'FAILED', 'LOST', 'CANCELLED'];

/** What a schedule has come to. */
export interface Judged {
  /** What must not be, in words. */
  faults: string[];
  /** How its executions ended: COMPLETED, or a status with the code of its error. */
  ends: string[];
}

/** Judges what is left of a schedule. @param paid how many executions were completed before it */
export async function judge(world: World, paid: number): Promise<Judged> {
  const faults: string[] = [];
  const ends: string[] = [];
  for (const started of world.executions) {
    const { end, faults: own } = await judgeExecution(world, started);
    ends.push(end);
    faults.push(...own.map((fault) => `execution ${started.name}, ${end}: ${fault}`));
  }
  for (const pod of world.pods) {
    const left = await pod.listOpen();
    if (left.length > 0) faults.push(`a pod is still at work on ${left.length} runs`);
  }
  const open = await findOpenJobs();
  faults.push(...open.map(({ type, status }) => `a job ${type} is ${status}`));
  faults.push(...(await judgeCredits(world, paid + ends.filter((e) => e === 'COMPLETED').length)));
  return { faults, ends };
}

/** A filter: jobs that have not ended. By an index, since those that have are many after a thousand schedules. */
export const OPEN = { queue: ANY_QUEUE, status: { $in: OPEN_STATUSES } };

export function findOpenJobs() {
  const projection = { type: 1, status: 1, runAfter: 1, 'lease.until': 1 };
  return Job.collection.find(OPEN, { projection }).toArray();
}

async function judgeExecution({ pods }: World, started: Started) {
  const { _id, job, name, outputs } = started;
  const run = await ComfyUIWorkflowExecution.collection.findOne({ _id });
  if (!run) return { end: 'GONE', faults: ['it is gone'] };
  const { status, stage, error } = run as {
    status?: string;
    stage?: string;
    error?: { code: string };
  };
  const faults: string[] = [];
  if (!ENDS.includes(status ?? '') || stage !== 'DONE') faults.push(`it is stuck at ${stage}`);
  const media = await Image.collection.find({ generatedBy: job }).toArray();
  const shown = ((run.outputs ?? []) as { image: never }[]).map(({ image }) => idText(image));
  if (new Set(shown).size < shown.length) faults.push('it shows an output twice');
  if (status === 'COMPLETED') {
    const ready = media.filter((medium) => medium.status === 'READY');
    if (shown.length !== outputs) faults.push(`it shows ${shown.length} outputs of ${outputs}`);
    if (ready.length !== outputs) faults.push(`it made ${ready.length} media of ${outputs}`);
    for (const { _id: id, filePath } of ready) {
      if (!shown.includes(idText(id as never))) faults.push('a medium is not among its outputs');
      if (!(await headObject(String(filePath)))) faults.push('the file of an output is lost');
    }
  }
  if (status !== 'COMPLETED' && media.length + shown.length > 0) {
    faults.push(`it has ${media.length} media and shows ${shown.length}, for nothing`);
  }
  if (media.some((medium) => medium.status === 'PROCESSING')) faults.push('a medium is stuck');
  faults.push(...findRepeated(pods, started));
  const hasRun = pods.some(({ saved }) => saved.some(({ prefix }) => prefix === `${name}-2`));
  if (status === 'COMPLETED' && !hasRun) faults.push('it never ran');
  return {
    end: error && status !== 'COMPLETED' ? `${status} ${error.code}` : String(status),
    faults,
  };
}

/** What ran twice though the pod of the first time remembered it, and nobody had tried it again. */
function findRepeated(pods: SimulatedPod[], { name, tries }: Started): string[] {
  const runs = pods
    .flatMap(({ saved, forgot }) => saved.map((one) => ({ ...one, forgot })))
    .filter(({ prefix }) => prefix === `${name}-2`)
    .toSorted((a, b) => a.at - b.at);
  const beginOf = (at: number) => Math.max(...tries.filter((time) => time <= at));
  return runs.flatMap((run, n) => {
    const before = runs[n - 1];
    if (!before || beginOf(before.at) !== beginOf(run.at)) return [];
    const isForgotten = before.forgot.some((at) => at >= beginOf(run.at) && at <= run.at);
    if (isForgotten) return [];
    return [`it ran twice, ${Math.round((run.at - before.at) / 1000)} s apart`];
  });
}

async function judgeCredits({ owner }: World, paid: number): Promise<string[]> {
  const account = await CreditAccount.collection.findOne({ _id: owner.user });
  const { available = 0, held = 0 } = (account ?? {}) as { available?: number; held?: number };
  const open = await CreditHold.collection.countDocuments({ account: owner.user, state: 'HELD' });
  const spent = owner.credits - available;
  return [
    ...(held !== 0 || open > 0 ? [`${open} holds of ${held} credits are open`] : []),
    ...(spent - paid * PRICE !== 0 ? [`${spent} credits are spent, not ${paid * PRICE}`] : []),
  ];
}
