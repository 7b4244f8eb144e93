import { type Ctx, systemCtx } from '../../../src/context.ts';
import { entityNamed } from '../../../src/data/entity.ts';
import { UUID } from '../../../src/data/ids.ts';
import { ComfyUIPod } from '../../../src/models/generation/comfyui/pod.ts';
import { ComfyUIWorkflowExecution } from '../../../src/models/generation/comfyui/workflow-execution.ts';
import { Job } from '../../../src/models/jobs/job.ts';
import { jobTypes } from '../../../src/services/job-types.ts';
import { workOnce } from '../../../src/services/jobs/worker.ts';
import { noteUpload } from '../../../src/services/uploads/arrivals.ts';
import { type Doc, given, type Person } from '../../harness/given.ts';

/** What the tests look at in an execution. */
export interface Execution extends Doc {
  stage: string;
  job: string;
  pod?: string;
  outputs?: { node: string; kind: string; image?: string; video?: string; audio?: string }[];
  error?: { code: string; message: string };
  seeds?: Record<string, number>;
  parameters: Record<string, unknown>;
  nodeErrors?: object;
}

const ENDS = ['COMPLETED', 'FAILED', 'LOST', 'CANCELLED'];

/** A worker whose clock the test moves: whatever waits for its time need not be waited for. */
export interface Driver {
  ctx: Ctx;
  /** Runs one job of each queue; when there is none, a second passes. */
  step(): Promise<void>;
  /** Works until the execution has ended, or `isEnough`. @throws Error when it does not */
  ends(person: Person, run: Doc, isEnough?: (run: Execution) => boolean): Promise<Execution>;
  /** How many runs of jobs there were of the provider's queue. */
  runs: number;
  /** How long the longest of them took, in ms. */
  longest: number;
  /** Does what waits to be cleaned up. */
  cleansUp(): Promise<void>;
  /** So many seconds pass. */
  passes(seconds: number): void;
}

/** Makes a worker that does what a test says, in order. The place has none of its own. */
export function makeDriver(passing: (ms: number) => Promise<void> | void = () => {}): Driver {
  let ahead = 0;
  const ctx = { ...systemCtx('test'), clock: () => Date.now() + ahead };
  const work = (queue: 'PROVIDER' | 'MEDIA' | 'UPKEEP') =>
    workOnce(ctx, jobTypes, () => 900_000, queue);
  const driver: Driver = {
    ctx,
    runs: 0,
    longest: 0,
    passes(seconds) {
      ahead += 1000 * seconds;
    },
    async cleansUp() {
      driver.passes(1);
      while ((await work('UPKEEP')) !== 'IDLE');
    },
    async step() {
      const began = performance.now();
      const outcome = await work('PROVIDER');
      driver.longest = Math.max(driver.longest, performance.now() - began);
      if (outcome !== 'IDLE') driver.runs++;
      await tellUploads(ctx);
      while ((await work('MEDIA')) !== 'IDLE');
      if (outcome !== 'IDLE') return;
      const seconds = await findPause(ctx);
      driver.passes(seconds);
      await passing(1000 * seconds);
    },
    async ends(person, { id }, isEnough = () => false) {
      for (let i = 0; i < 20_000; i++) {
        const found = await ComfyUIWorkflowExecution.collection.findOne({ _id: new UUID(id) });
        const seen = found as unknown as Execution;
        if (ENDS.includes(seen.status) || isEnough(seen)) break;
        await driver.step();
      }
      return (await person.get<Execution>(`/v1/comfyui/executions/${id}`)).body;
    },
  };
  return driver;
}

/** How long nothing is to be done: until the time of the next job, but a second at least. */
async function findPause(ctx: Ctx): Promise<number> {
  const waiting = { queue: 'PROVIDER', status: 'QUEUED', waitsFor: 'TIME' };
  const next = await Job.collection.findOne(waiting, { sort: { runAfter: 1 } });
  return next ? Math.max(1, ((next.runAfter as Date).getTime() - ctx.clock()) / 1000) : 1;
}

/** Tells of what has been stored in S3, as its events would. */
async function tellUploads(ctx: Ctx): Promise<void> {
  for (const name of ['Image', 'Audio', 'Video', 'Track']) {
    const waiting = { status: 'AWAITING_UPLOAD' };
    for (const medium of await entityNamed(name).collection.find(waiting).toArray()) {
      await noteUpload(ctx, { key: String(medium.filePath), sequencer: '' });
    }
  }
}

/** Registers pods in place of all others. */
export async function usePods(...urls: string[]): Promise<string[]> {
  await ComfyUIPod.collection.deleteMany({});
  const admin = await given.admin();
  const ids: string[] = [];
  for (const baseUrl of urls) {
    const body = { name: 'A pod', baseUrl, isPrivate: true };
    const { status, body: made, text } = await admin.post('/v1/comfyui/pods', body);
    if (status !== 201) throw new Error(text);
    ids.push(made.id);
  }
  return ids;
}

/** A picture of one colour, which needs no model. */
export const PLAIN_PICTURE = {
  name: 'A plain picture',
  graph: {
    1: {
      class_type: 'EmptyImage',
      inputs: { width: 64, height: 48, batch_size: 1, color: 0 },
    },
    2: { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: 'plain' } },
  },
  parameters: [
    { name: 'width', type: 'INTEGER', path: '1.inputs.width', default: 64, min: 16, max: 512 },
    { name: 'color', type: 'SEED', path: '1.inputs.color', max: 0xffffff },
  ],
  outputs: [{ node: '2', kind: 'IMAGE' }],
};

/** The same, saved twice. */
export const TWO_PICTURES = {
  ...PLAIN_PICTURE,
  name: 'Two pictures',
  graph: {
    ...PLAIN_PICTURE.graph,
    3: { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: 'second' } },
  },
  outputs: [
    { node: '2', kind: 'IMAGE' },
    { node: '3', kind: 'IMAGE' },
  ],
};

/** A picture that another one is made into. */
export const SMALLER_PICTURE = {
  name: 'A smaller picture',
  graph: {
    1: { class_type: 'LoadImage', inputs: { image: 'picture.png' } },
    2: {
      class_type: 'ImageScale',
      inputs: {
        ...{ image: ['1', 0], upscale_method: 'bilinear', width: 32, height: 32 },
        crop: 'disabled',
      },
    },
    3: { class_type: 'SaveImage', inputs: { images: ['2', 0], filename_prefix: 'small' } },
  },
  parameters: [{ name: 'picture', type: 'IMAGE', path: '1.inputs.image', required: true }],
  outputs: [{ node: '3', kind: 'IMAGE' }],
};

/** Makes a workflow and starts an execution of it. One that has a price is an administrator's. */
export async function runs(
  person: Person,
  workflow: object,
  asked: object = {},
): Promise<Execution> {
  const owner = 'creditCost' in workflow ? await given.admin() : person;
  const made = await owner.post('/v1/comfyui/workflows', {
    ...workflow,
    isPublic: owner !== person,
  });
  if (made.status !== 201) throw new Error(made.text);
  const body = { workflow: made.body.id, ...asked };
  const started = await person.post<Execution>('/v1/comfyui/executions', body);
  if (started.status !== 202) throw new Error(started.text);
  return started.body;
}
