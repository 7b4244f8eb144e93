import { join } from 'node:path';
import { checkJson } from '../../../api/json/parse.ts';
import type { Ctx } from '../../../context.ts';
import type { DocOf } from '../../../data/entity.ts';
import { UUID } from '../../../data/ids.ts';
import { findOne, WHOLE } from '../../../data/read.ts';
import { invalid } from '../../../errors.ts';
import {
  type Graph,
  HOW_TO_EXPORT,
  isEditorFormat,
  LARGEST_GRAPH,
} from '../../../models/generation/comfyui/workflow-graph.ts';
import { Image } from '../../../models/media/image.ts';
import { download } from '../../../providers/s3.ts';
import { openScratchDir } from '../../jobs/scratch-dir.ts';
import { readGeneration } from '../../media/image/read-generation.ts';
import type { GenerationTags } from '../../media/metadata/generation.ts';
import { replaceNonNumbers } from '../../media/metadata/raw-json.ts';
import { convertEditorGraph } from './convert-editor.ts';
import { NONCE_INPUT } from './fill-graph.ts';
import { tryCatalogs } from './node-catalog.ts';
import { readObject } from './protocol.ts';

/** Where a graph comes from: itself, or a picture that carries it. */
export interface GraphSource {
  graph?: Record<string, unknown>;
  image?: string;
}

/** The most keys of a body with a graph, and of a graph: one of 400 nodes has some 10,000. */
export const MOST_KEYS = 40_000;

/**
 * The graph in API format that a client sends, or that a picture of his carries.
 * @throws AppError VALIDATION_FAILED
 */
export async function readImport(ctx: Ctx, user: UUID, source: GraphSource): Promise<Graph> {
  const found = source.graph ?? (await readPicture(ctx, user, source.image as string));
  const graph = isEditorFormat(found) ? await convert(ctx, found) : dropTraces(found as Graph);
  // What was a value in the editor's format may be a key now, and one value may be in many places.
  checkJson({ graph }, MOST_KEYS);
  if (isTooLarge(graph)) {
    throw invalid([{ path: 'graph', message: `exceeds ${LARGEST_GRAPH} bytes` }]);
  }
  return graph;
}

/** Measures the values one by one first: all of them together may be more than a text can hold. */
function isTooLarge(graph: Graph): boolean {
  const measure = (value: unknown) => Buffer.byteLength(JSON.stringify(value) ?? '');
  let bytes = 0;
  for (const node of Object.values(graph)) {
    for (const value of Object.values(readObject(readObject(node).inputs))) {
      bytes += measure(value);
      if (bytes > LARGEST_GRAPH) return true;
    }
  }
  return measure(graph) > LARGEST_GRAPH;
}

/**
 * A picture carries the nonce of its run, where it was made here, and what its server told the nodes of its own cache:
 * with that it would take results of other inputs from there.
 */
function dropTraces(graph: Graph): Graph {
  for (const node of Object.values(graph).map(readObject)) {
    delete readObject(node.inputs)[NONCE_INPUT];
    delete node.is_changed;
  }
  return graph;
}

async function readPicture(ctx: Ctx, user: UUID, image: string): Promise<Record<string, unknown>> {
  const found = await findOne(ctx, Image, { _id: new UUID(image), user }, WHOLE);
  const refuse = (message: string) => invalid([{ path: 'image', message }]);
  if (!found) throw refuse('there is no such image');
  if (found.status !== 'READY') throw refuse(`is ${found.status}, not READY`);
  const graph = findGraph(found.metadata) ?? findGraph(await readOriginal(found));
  if (graph) {
    // As if it were a body: what follows calls itself for each level.
    checkJson({ graph }, MOST_KEYS);
    return graph;
  }
  throw refuse(`carries no graph of ComfyUI of at most ${LARGEST_GRAPH} bytes`);
}

/** The graph that was run, rather than the one that the editor showed. */
function findGraph(tags: unknown): Record<string, unknown> | undefined {
  const { prompt, workflow } = readObject(tags);
  for (const text of [prompt, workflow]) {
    const graph = typeof text === 'string' ? parseGraph(text) : undefined;
    if (graph) return graph;
  }
  return undefined;
}

/** The most bytes of an original that are read for its graph, and how long that may take, in ms. */
const LARGEST_PICTURE = 128 * 1024 * 1024;
const PATIENCE = 20_000;

/** What was too long to be kept with a picture stands in its file. */
async function readOriginal({
  filePath,
  object,
  size,
}: DocOf<typeof Image>): Promise<GenerationTags> {
  if (size > LARGEST_PICTURE) return {};
  const signal = AbortSignal.timeout(PATIENCE);
  await using folder = await openScratchDir();
  const path = join(folder.path, 'original');
  const isThere = await download(filePath, object?.etag ?? '', path, signal, () => {});
  return isThere ? readGeneration(path, LARGEST_GRAPH, signal) : {};
}

function parseGraph(text: string): Record<string, unknown> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(replaceNonNumbers(text));
  } catch (error) {
    // A prompt in words, as other generators write it.
    if (error instanceof SyntaxError) return undefined;
    throw error;
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
