import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Ctx } from '../../../context.ts';
import { readBytes } from '../../../data/bson.ts';
import { mapValues } from '../../../data/cast.ts';
import { newId, type UUID } from '../../../data/ids.ts';
import { findMany, findOne } from '../../../data/read.ts';
import type { Fault } from '../../../errors.ts';
import { ComfyUINodeCatalog } from '../../../models/generation/comfyui/node-catalog.ts';
import { ComfyUIPod } from '../../../models/generation/comfyui/pod.ts';
import { readObject } from './protocol.ts';

/** The most bytes of the JSON of a catalog, and of what is stored of it: a document holds 16 MB. */
const MOST_JSON = 64 * 1024 * 1024;
const MOST_STORED = 12 * 1024 * 1024;

/** The nodes of a pod by their class, as `/object_info` says. */
export type NodeCatalog = Record<string, unknown>;

type Scalar = string | number | boolean;

/**
 * What is known and used of the answer of a pod: of each class its inputs, its outputs, and whether it is a last one.
 * What has another form than ComfyUI gives it is left out, so that whoever reads a catalog finds what it expects.
 */
function pickKnown(answer: NodeCatalog): NodeCatalog {
  return mapValues(answer, (about) => {
    const { input, output, output_node } = readObject(about);
    const { required, optional } = readObject(input);
    return {
      input: {
        required: mapValues(readObject(required), pickDeclaration),
        optional: mapValues(readObject(optional), pickDeclaration),
      },
      ...(Array.isArray(output) && { output: output.map((type) => (isScalar(type) ? type : '*')) }),
      ...(typeof output_node === 'boolean' && { output_node }),
    };
  });
}

/** `["INT", { "min": 0 }]`, or `[["a", "b"]]`. */
function pickDeclaration(declaration: unknown): unknown[] {
  const [type, options] = Array.isArray(declaration) ? declaration : [];
  return [pickPlain(type), mapValues(readObject(options), pickPlain)];
}

/** A value, or a list of them; undefined, which JSON leaves out, of anything else. */
function pickPlain(value: unknown): Scalar | Scalar[] | undefined {
  return Array.isArray(value) ? value.filter(isScalar) : isScalar(value) ? value : undefined;
}

function isScalar(value: unknown): value is Scalar {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

/** Keeps what nodes a pod has. @returns how many; undefined where it is too much to be kept */
export async function storeCatalog(
  ctx: Ctx,
  pod: UUID,
  catalog: NodeCatalog,
): Promise<number | undefined> {
  const text = JSON.stringify(pickKnown(catalog));
  if (text.length > MOST_JSON) return undefined;
  const hash = createHash('sha256').update(text).digest('hex');
  const classes = Object.keys(catalog).length;
  const now = new Date(ctx.clock());
  const same = await ComfyUINodeCatalog.collection.updateOne(
    { pod, hash },
    { $set: { fetchedAt: now, updatedAt: now }, $inc: { version: 1 } },
  );
  if (same.matchedCount > 0) return classes;
  const bytes = await promisify(gzip)(text);
  if (bytes.length > MOST_STORED) return undefined;
  await ComfyUINodeCatalog.collection.updateOne(
    { pod },
    {
      $set: { fetchedAt: now, hash, classes, gzip: bytes, updatedAt: now },
      $setOnInsert: { _id: newId(now.getTime()), createdAt: now },
      $inc: { version: 1 },
    },
    { upsert: true },
  );
  return classes;
}

/** The nodes of a pod; null where they are not known. */
export async function readCatalog(ctx: Ctx, pod: UUID): Promise<NodeCatalog | null> {
  const head = await findOne(ctx, ComfyUINodeCatalog, { pod }, { projection: { hash: 1 } });
  if (!head) return null;
  const known = cached.get(head.hash);
  if (known) return known;
  const found = await findOne(ctx, ComfyUINodeCatalog, { pod });
  if (!found) return null;
  const options = { maxOutputLength: MOST_JSON };
  const bytes = Buffer.from(readBytes(found.gzip as never));
  const text = await promisify<Buffer, object, Buffer>(gunzip)(bytes, options);
  const catalog = readObject(JSON.parse(text.toString('utf8')));
  if (cached.size >= MOST_CACHED) cached.delete(cached.keys().next().value as string);
  cached.set(found.hash, catalog);
  return catalog;
}

/** How many pods' nodes are tried. */
const MOST_TRIED = 8;

/**
 * Tries something with the nodes of each pod that is up, until it goes without a fault. @returns that, or what had
 * the fewest faults; undefined where the nodes of no pod are known
 */
export async function tryCatalogs<T extends { faults: Fault[] }>(
  ctx: Ctx,
  attempt: (catalog: NodeCatalog) => T,
): Promise<T | undefined> {
  const up = { status: { $in: ['READY', 'BUSY'] } };
  const options = { limit: MOST_TRIED, projection: { _id: 1 } };
  let best: T | undefined;
  for (const { _id } of await findMany(ctx, ComfyUIPod, up, options)) {
    const catalog = await readCatalog(ctx, _id);
    if (!catalog) continue;
    const tried = attempt(catalog);
    if (tried.faults.length === 0) return tried;
    if (!best || tried.faults.length < best.faults.length) best = tried;
  }
  return best;
}

// Pods of one image have the same nodes.
const MOST_CACHED = 4;
const cached = new Map<string, NodeCatalog>();
