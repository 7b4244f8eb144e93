import { extname } from 'node:path';
import type { Ctx } from '../../context.ts';
import { isToCome } from '../../data/database-time.ts';
import type { UUID } from '../../data/ids.ts';
import { findMany, WHOLE } from '../../data/read.ts';
import { Export } from '../../models/exports/export.ts';
import { copyObject } from '../../providers/copy.ts';
import { headObject } from '../../providers/s3.ts';
import type { ExportDoc } from './make-plan.ts';

/** How old a result may be at most, and still be shared, is its own end: this long before it, in ms. */
const BEFORE_ITS_END = 60_000;

/** What an export has of its file. */
const FIELDS = [
  ...(['fileName', 'contentType', 'size', 'checksum', 'durationSeconds'] as const),
  ...(['loudness', 'fingerprint'] as const),
] as const;

export type SharedResult = Pick<ExportDoc, (typeof FIELDS)[number]> & {
  filePath: string;
  size: number;
  job: UUID;
};

/** Finds an export of the same that has its file. */
export async function findSame(
  ctx: Ctx,
  user: UUID,
  fingerprint: string,
): Promise<ExportDoc | undefined> {
  const filter = {
    user,
    fingerprint,
    status: 'COMPLETED',
    ...isToCome(ctx, 'expiresAt', -BEFORE_ITS_END),
  };
  const [found] = await findMany(ctx, Export, filter, {
    ...WHOLE,
    sort: { createdAt: -1 },
    limit: 1,
  });
  return found;
}

/**
 * Copies the file of an export for another one: each has its own, so that either may be deleted.
 * @returns what the other has of it; null when the file is gone
 */
export async function copyResult(
  same: ExportDoc,
  folder: string,
  signal: AbortSignal,
): Promise<SharedResult | null> {
  const { filePath, size, contentType, job } = same;
  if (!filePath || !size || !contentType || !job) return null;
  const head = await headObject(filePath);
  if (!head) return null;
  const key = `${folder}file${extname(filePath)}`;
  const from = { key: filePath, etag: head.etag, size };
  if (!(await copyObject({ from, to: { key, contentType } }, signal))) return null;
  const fields = FIELDS.flatMap((name) => (same[name] === undefined ? [] : [[name, same[name]]]));
  return { ...Object.fromEntries(fields), filePath: key, size, job };
}
