import { config } from '../../config.ts';
import type { Ctx } from '../../context.ts';
import { newId, type UUID } from '../../data/ids.ts';
import { MOST_PARTS } from '../../providers/multipart.ts';

const MIB = 1024 * 1024;

/**
 * The part size for a file, so that it has no more parts than S3 accepts; undefined if one PUT is
 * enough.
 */
export function choosePartSize(size: number): number | undefined {
  if (size <= config.singlePutBytes) return undefined;
  return Math.max(config.partBytes, Math.ceil(size / MOST_PARTS / MIB) * MIB);
}

/**
 * Builds the fields of a document that awaits a file of this size.
 * @param keyOf builds the S3 key for its bytes
 */
export function buildFileFields(ctx: Ctx, size: number, buildKey: (id: UUID) => string) {
  const _id = ctx.promisedId ?? newId(ctx.clock());
  const partSize = choosePartSize(size);
  return { _id, filePath: buildKey(_id), ...(partSize && { multipart: { partSize } }) };
}
