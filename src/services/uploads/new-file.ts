import { config } from '../../config.ts';
import type { Ctx } from '../../context.ts';
import { newId, type UUID } from '../../data/ids.ts';
import { MOST_PARTS } from '../../providers/multipart.ts';

const MIB = 1024 * 1024;

/** How large the parts of a file are: no file has more than S3 takes. Undefined where one PUT does. */
export function partSizeFor(size: number): number | undefined {
  if (size <= config.singlePutBytes) return undefined;
  return Math.max(config.partBytes, Math.ceil(size / MOST_PARTS / MIB) * MIB);
}

/** What a document gets that is to have a file of this size. @param keyOf where its bytes will be */
export function newFile(ctx: Ctx, size: number, keyOf: (id: UUID) => string) {
  const _id = ctx.promisedId ?? newId(ctx.clock());
  const partSize = partSizeFor(size);
  return { _id, filePath: keyOf(_id), ...(partSize && { multipart: { partSize } }) };
}
