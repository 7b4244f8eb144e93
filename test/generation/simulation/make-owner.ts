import { systemCtx } from '../../../src/context.ts';
import { idText, UUID } from '../../../src/data/ids.ts';
import { Job } from '../../../src/models/jobs/job.ts';
import { Image } from '../../../src/models/media/image.ts';
import { given } from '../../harness/given.ts';
import { type Owner, type OwnWorkflow, PRICE } from './owner.ts';
import type { Plan } from './plan.ts';
import { runSchedule } from './run-schedule.ts';

/** More than all of them cost. */
const CREDITS = 1_000_000;

/** Makes somebody who has more credits than a simulation costs, and workflows of each kind. */
export async function makeOwner(): Promise<Owner> {
  const [person, admin] = [await given.user(), await given.admin()];
  const grant = { user: person.id, amount: CREDITS, reason: 'A simulation.' };
  const { status, text } = await admin.post('/v1/credits/grants', grant);
  if (status !== 201) throw new Error(text);
  const store = async (described: object) => {
    const made = await admin.post('/v1/comfyui/workflows', { ...described, isPublic: true });
    if (made.status !== 201) throw new Error(made.text);
    return new UUID(made.body.id);
  };
  const workflows: OwnWorkflow[] = [];
  for (const outputs of [1, 2]) {
    workflows.push({ id: await store(describeWorkflow(outputs)), outputs });
  }
  const smaller = await store(describeSmaller());
  const user = new UUID(person.id);
  const actor = { kind: 'USER', id: user, session: new UUID() } as const;
  const { balance } = (await person.get<{ balance: number }>('/v1/credits')).body;
  const owner = { ctx: { ...systemCtx('test'), actor }, user, credits: balance, workflows };
  // One that is given a picture, which is made first.
  await Job.collection.deleteMany({});
  const { executions, pods } = await runSchedule(owner, CALM);
  await Promise.all(pods.map((pod) => pod.stop()));
  const picture = await Image.collection.findOne({ generatedBy: executions[0]?.job as UUID });
  if (picture?.status !== 'READY') throw new Error('There is no picture.');
  workflows.push({ id: smaller, outputs: 1, given: { picture: idText(picture._id) } });
  return { ...owner, credits: balance - PRICE };
}

/** One execution, and nothing goes wrong. */
const CALM: Plan = {
  ...{ seed: 0, pods: [{ faults: [], seconds: 0, hasUniqueIds: false, vramTotal: 0 }] },
  ...{ executions: [{ at: 0, workflow: 0 }], workers: 1, blows: [], trouble: 60, hasFates: false },
};

/** A picture that another one is made into. */
function describeSmaller() {
  const size = { upscale_method: 'bilinear', width: 4, height: 4, crop: 'disabled' };
  const save = { images: ['3', 0], filename_prefix: 'x' };
  return {
    name: 'A smaller picture',
    graph: {
      1: { class_type: 'LoadImage', inputs: { image: 'picture.png' } },
      2: { class_type: 'SaveImage', inputs: save },
      3: { class_type: 'ImageScale', inputs: { image: ['1', 0], ...size } },
    },
    parameters: [
      { name: 'picture', type: 'IMAGE', path: '1.inputs.image', required: true },
      { name: 'name2', type: 'STRING', path: '2.inputs.filename_prefix', required: true },
    ],
    outputs: [{ node: '2', kind: 'IMAGE' }],
    creditCost: PRICE,
  };
}

/** A small picture that is saved so many times, each under a name of its own. */
function describeWorkflow(outputs: number) {
  const nodes = Array.from({ length: outputs }, (_, n) => String(n + 2));
  const size = { width: 8, height: 8, batch_size: 1, color: 0 };
  const save = { images: ['1', 0], filename_prefix: 'x' };
  const saves = nodes.map((id) => [id, { class_type: 'SaveImage', inputs: save }]);
  return {
    name: `${outputs} pictures`,
    graph: { 1: { class_type: 'EmptyImage', inputs: size }, ...Object.fromEntries(saves) },
    parameters: nodes.map((id) => ({
      ...{ name: `name${id}`, type: 'STRING', path: `${id}.inputs.filename_prefix` },
      required: true,
    })),
    outputs: nodes.map((node) => ({ node, kind: 'IMAGE' })),
    creditCost: PRICE,
  };
}
