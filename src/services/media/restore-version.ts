import type { Ctx } from '../../context.ts';
import type { Entity } from '../../data/entity.ts';
import type { TypedFilter } from '../../data/filter.ts';
import { findOne, WHOLE } from '../../data/read.ts';
import { transaction } from '../../data/transaction.ts';
import { AppError, notFound } from '../../errors.ts';
import { type Medium, Version } from './medium.ts';
import { mediumOf, swapBytes } from './versions.ts';

/**
 * Which file of the medium is to be replaced. Restoring exchanges two files, so without this a
 * request that is sent twice would undo itself.
 */
export interface Replaced {
  /** The checksum of the file, or the ETag that S3 answers with it. */
  file?: string | undefined;
  /** The versions that the medium's document may have. */
  versions?: number[] | undefined;
  /** What it is called when the medium has another file. */
  mismatch: 'CONFLICT' | 'PRECONDITION_FAILED';
}

/**
 * Gives a medium the file of a version back; what it has becomes a version in turn. Where that has
 * been done already, nothing is written, and the answer is the medium as it is.
 * @throws AppError NOT_FOUND, INVALID_STATE; CONFLICT or PRECONDITION_FAILED when the medium has
 *   another file than the one to be replaced
 */
export async function restoreVersion(
  ctx: Ctx,
  filter: TypedFilter,
  replaced: Replaced,
): Promise<{ entity: Entity<Medium>; document: Medium }> {
  const { entity, id } = await transaction(ctx, async (tx) => {
    const version = await findOne(tx, Version, filter, WHOLE);
    if (!version) throw notFound();
    if (wasReplaced(version, replaced)) return mediumOf(version);
    if (version.status !== 'READY') throw new AppError('INVALID_STATE', 'It is not READY.');
    const { entity, id } = mediumOf(version);
    const medium = await findOne(tx, entity, { _id: id }, WHOLE);
    if (!medium) throw notFound();
    if (!isMeant(medium, medium.version, replaced)) {
      const message = 'The medium does not have the file that is to be replaced: read it again.';
      throw new AppError(replaced.mismatch, message);
    }
    if (!(await swapBytes(tx, version, 'restore-version'))) {
      throw new AppError('INVALID_STATE', 'Its medium is not READY or FAILED.');
    }
    return { entity, id };
  });
  const document = await findOne(ctx, entity, { _id: id });
  if (!document) throw notFound();
  return { entity, document };
}

/** Whether the version holds the file that is to be replaced: it has been restored already. */
function wasReplaced(version: Medium, replaced: Replaced): boolean {
  return isMeant(version, version.replacedVersion, replaced);
}

/** Whether a file, shown by the medium's document in this version of it, is the one meant. */
function isMeant(
  file: Medium,
  shownIn: number | null | undefined,
  { file: name, versions }: Replaced,
): boolean {
  const isNamed = name === undefined || name === file.checksum || name === file.object?.etag;
  return isNamed && (versions === undefined || versions.includes(shownIn ?? Number.NaN));
}
