import type { Ctx } from '../../../context.ts';
import { UUID } from '../../../data/ids.ts';
import { findOne } from '../../../data/read.ts';
import { invalid } from '../../../errors.ts';
import {
  type Graph,
  HOW_TO_EXPORT,
  isEditorFormat,
} from '../../../models/generation/comfyui/workflow-graph.ts';
import { Image } from '../../../models/media/image.ts';
import { convertEditorGraph } from './convert-editor.ts';
import { NONCE_INPUT } from './fill-graph.ts';
import { tryCatalogs } from './node-catalog.ts';
import { readObject } from './protocol.ts';

/** Where a graph comes from: itself, or a picture that carries it. */
export interface GraphSource {
  graph?: Record<string, unknown>;
  image?: string;
}

/**
 * The graph in API format that a client sends, or that a picture of his carries.
 * @throws AppError VALIDATION_FAILED
 */
export async function readImport(ctx: Ctx, user: UUID, source: GraphSource): Promise<Graph> {
  const found = source.graph ?? (await readPicture(ctx, user, source.image as string));
  if (!isEditorFormat(found)) return dropNonces(found as Graph);
  return convert(ctx, found);
}

/** A picture that was made here carries the nonce of its run. */
function dropNonces(graph: Graph): Graph {
  for (const node of Object.values(graph)) delete readObject(readObject(node).inputs)[NONCE_INPUT];
  return graph;
}

async function readPicture(ctx: Ctx, user: UUID, image: string): Promise<Record<string, unknown>> {
  const mine = { _id: new UUID(image), user };
  const found = await findOne(ctx, Image, mine, { projection: { status: 1, metadata: 1 } });
  const refuse = (message: string) => invalid([{ path: 'image', message }]);
  if (!found) throw refuse('there is no such image');
  if (found.status !== 'READY') throw refuse(`is ${found.status}, not READY`);
  const { prompt, workflow, omitted } = readObject(found.metadata);
  // The graph that was run, rather than the one that the editor showed.
  for (const text of [prompt, workflow]) {
    const graph = typeof text === 'string' ? parseGraph(text) : undefined;
    if (graph) return graph;
  }
  if (Array.isArray(omitted))
    throw refuse('carries a graph that was too large to be kept: send it');
  throw refuse('carries no graph of ComfyUI');
}

function parseGraph(text: string): Record<string, unknown> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // A prompt in words, as other generators write it.
    return undefined;
  }
  const graph = readObject(value);
  const isGraph =
    isEditorFormat(graph) || Object.values(graph).some((node) => 'class_type' in readObject(node));
  return isGraph ? graph : undefined;
}

/** Converts the editor's format by the nodes of a pod that is up. @throws AppError VALIDATION_FAILED */
async function convert(ctx: Ctx, saved: Record<string, unknown>): Promise<Graph> {
  const best = await tryCatalogs(ctx, (catalog) => convertEditorGraph(saved, catalog));
  if (best?.faults.length === 0) return best.graph;
  throw invalid([{ path: 'graph', message: HOW_TO_EXPORT }, ...(best?.faults ?? [])]);
}
