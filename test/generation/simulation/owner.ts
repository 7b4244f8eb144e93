import { readFile } from 'node:fs/promises';
import type { Ctx } from '../../../src/context.ts';
import type { UUID } from '../../../src/data/ids.ts';
import { corrupt } from '../../../src/services/media/media-error.ts';
import type { MediaProcessor } from '../../../src/services/media/processor.ts';
import { replaceProcessor } from '../../harness/job-types.ts';

/** What each execution of a simulation costs. */
export const PRICE = 7;
/** Somebody with credits and workflows. */
export interface Owner {
  ctx: Ctx;
  user: UUID;
  /** What it had before. */
  credits: number;
  workflows: OwnWorkflow[];
}

export interface OwnWorkflow {
  id: UUID;
  outputs: number;
  /** What each execution of it is given. */
  given?: Record<string, string>;
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
