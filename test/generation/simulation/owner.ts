import { readFile } from 'node:fs/promises';
import { type Ctx, systemCtx } from '../../../src/context.ts';
import { UUID } from '../../../src/data/ids.ts';
import type { MediaProcessor } from '../../../src/services/media/processor.ts';
import { corrupt } from '../../../src/services/media/media-error.ts';
import { given } from '../../harness/given.ts';
import { replaceProcessor } from '../../harness/job-types.ts';

/** What each execution of a simulation costs. */
export const PRICE = 7;
/** More than all of them cost. */
const CREDITS = 1_000_000;

/** Somebody with credits and workflows. */
export interface Owner {
  ctx: Ctx;
  user: UUID;
  /** What it had before. */
  credits: number;
  workflows: { id: UUID; outputs: number }[];
}

export async function makeOwner(): Promise<Owner> {
  const [person, admin] = [await given.user(), await given.admin()];
  const grant = { user: person.id, amount: CREDITS, reason: 'A simulation.' };
  const { status, text } = await admin.post('/v1/credits/grants', grant);
  if (status !== 201) throw new Error(text);
  const workflows: Owner['workflows'] = [];
  for (const outputs of [1, 2]) {
    const made = await person.post('/v1/comfyui/workflows', describeWorkflow(outputs));
    if (made.status !== 201) throw new Error(made.text);
    workflows.push({ id: new UUID(made.body.id), outputs });
  }
  const user = new UUID(person.id);
  const actor = { kind: 'USER', id: user, session: new UUID() } as const;
  const { balance } = (await person.get<{ balance: number }>('/v1/credits')).body;
  return { ctx: { ...systemCtx('test'), actor }, user, credits: balance, workflows };
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

/** The values of an execution, by which its outputs are known at the pods. */
export function nameOutputs(outputs: number, name: string): Record<string, string> {
  const nodes = Array.from({ length: outputs }, (_, n) => n + 2);
  return Object.fromEntries(nodes.map((id) => [`name${id}`, `${name}-${id}`]));
}

/** A processor that only looks whether it is a picture, because decoding is not what is tried here. */
const glance: MediaProcessor = async ({ path, onProbed }) => {
  const bytes = await readFile(path);
  if (!bytes.subarray(1, 4).equals(Buffer.from('PNG'))) throw corrupt('It is no picture.');
  const image = { width: 8, height: 8, format: 'png', orientation: 1, hasAlpha: false };
  const facts = { image };
  await onProbed({ contentType: 'image/png', facts, derivatives: [] });
  return { contentType: 'image/png', facts, metadata: {}, warnings: [] };
};

export const types = replaceProcessor('process-image', glance);
