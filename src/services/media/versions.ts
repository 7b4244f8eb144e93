import type { Ctx } from '../../context.ts';
import type { Entity } from '../../data/entity.ts';
import type { UUID } from '../../data/ids.ts';
import { findMany, findOne, WHOLE } from '../../data/read.ts';
import { confirmReferences } from '../../data/references.ts';
import { fileUsage } from '../../data/usage.ts';
import { insert, type Update, update } from '../../data/write.ts';
import { AppError } from '../../errors.ts';
import { getKind, mediaFields, SETTLED } from '../../models/media/media-fields.ts';
import type { WakeLater } from '../jobs/job-type.ts';
import { withAllowance } from '../metering/allowances/with-allowance.ts';
import { removeAndSweep } from '../removal/remove-and-sweep.ts';
import { buildFileFields } from '../uploads/new-file.ts';
import { buildVersionKey } from './keys.ts';
import { getEntityOfKind, type Medium, Version } from './medium.ts';

/** The most former versions that are kept of one medium: the oldest goes. */
const MOST_KEPT = 10;
/** The most replacements that may be under way. */
const MOST_OPEN = 20;

/** The facts of all kinds, which a version has in one object. */
const FACTS = ['audio', 'analysis', 'image', 'video', 'loudness', 'stream', 'streamPath'];

/** What a version is to replace is being processed itself. */
export class MediumUnsettled extends Error {}
/** How long the job of such a version waits before it looks again. */
export const UNSETTLED: WakeLater = { wakeIn: 15 };

/** The field of a version that refers to a medium of this entity. */
export function referenceTo(entity: Entity): string {
  return entity.name.toLowerCase();
}

/** Files that clients describe. */
type File = Pick<Medium, 'fileName' | 'contentType' | 'size' | 'checksum'>;

/**
 * Begins to replace the bytes of a medium: a version that awaits its upload. The medium stays as it is
 * until that one is READY. @throws AppError INVALID_STATE, ALLOWANCE_EXCEEDED
 */
export async function replaceBytes(
  ctx: Ctx,
  entity: Entity<Medium>,
  medium: Medium,
  file: File,
): Promise<Medium> {
  if (!SETTLED.includes(medium.status)) {
    throw new AppError('INVALID_STATE', 'It is not READY or FAILED.');
  }
  const { _id, user } = medium;
  const keyOf = (version: UUID) => buildVersionKey(entity, user, _id, version);
  await trimVersions(ctx, entity, medium);
  await refuseMany(ctx, entity, medium);
  return withAllowance(ctx, user, fileUsage.of({ _id, size: file.size }), async () => {
    const version = await insert(ctx, Version, {
      ...{ ...file, ...buildFileFields(ctx, file.size, keyOf) },
      ...{ user, kind: getKind(entity), [referenceTo(entity)]: _id },
    });
    await confirmReferences(ctx, Version, version);
    return version;
  });
}

/** Of one medium so many are known at most, whatever a client does. */
async function refuseMany(ctx: Ctx, entity: Entity, { _id, user }: Medium): Promise<void> {
  const open = { user, [referenceTo(entity)]: _id, status: { $nin: SETTLED } };
  const some = { projection: { _id: 1 }, limit: MOST_OPEN };
  if ((await findMany(ctx, Version, open, some)).length < MOST_OPEN) return;
  const message = `${MOST_OPEN} replacements of it are under way: delete those that will not come.`;
  throw new AppError('INVALID_STATE', message);
}

/**
 * A medium takes the bytes of a version with all that was found in them, and the version takes the medium's,
 * in the caller's transaction. False when the medium is gone, or neither READY nor FAILED.
 * @throws AppError CONFLICT when either has changed meanwhile
 */
export async function swapBytes(ctx: Ctx, version: Medium, action: string): Promise<boolean> {
  const { entity, id } = mediumOf(version);
  const settled = { _id: id, status: { $in: SETTLED } };
  const medium = await findOne(ctx, entity, settled, WHOLE);
  if (!medium) return false;
  const facts = version.facts ?? {};
  // What belongs to the bytes of a medium, and changes places with them.
  const file = Object.keys(mediaFields());
  const taken = await update(
    ctx,
    entity,
    { ...settled, version: medium.version },
    change({ ...pick(version, file), ...pick(facts, FACTS) }, file.concat(FACTS), entity),
    action,
  );
  const mine = { _id: version._id, status: version.status, filePath: version.filePath };
  const given = await update(
    ctx,
    Version,
    mine,
    change(
      { ...pick(medium, file), ...describeReplaced(ctx, medium) },
      [...file, 'facts', 'replacedAt', 'replacedVersion'],
      Version,
    ),
    action,
  );
  // One without the other would lose bytes: the transaction must not be kept.
  if (!taken || !given) throw new AppError('CONFLICT', 'It has been changed meanwhile: try again.');
  return true;
}

/** The medium that a version is one of. */
export function mediumOf(version: Medium): { entity: Entity<Medium>; id: UUID } {
  const entity = getEntityOfKind(version.kind);
  // One of its four references; which one, its kind says.
  return { entity, id: version[referenceTo(entity) as keyof Medium] as UUID };
}

function pick(from: object, names: string[]): Record<string, unknown> {
  const present = ([name, value]: [string, unknown]) =>
    names.includes(name) && value !== undefined && value !== null;
  return Object.fromEntries(Object.entries(from).filter(present));
}

/** What a version says of the file that it takes from its medium. */
function describeReplaced(ctx: Ctx, medium: Medium): Record<string, unknown> {
  const replacedAt = new Date(ctx.clock());
  return { facts: factsOf(medium), replacedAt, replacedVersion: medium.version };
}

/** Without a stream that is still being made: it will not be, for bytes that are no longer shown. */
function factsOf(medium: Medium): Record<string, unknown> {
  const { stream, streamPath, ...rest } = pick(medium, FACTS);
  const isThere = (stream as { status?: string } | undefined)?.status === 'READY';
  return isThere ? { ...rest, stream, streamPath } : rest;
}

/** Sets what there is of these fields, as far as the entity has them, and takes the others away. */
function change(values: Record<string, unknown>, names: string[], { shape }: Entity): Update {
  const own = names.filter((name) => name in shape.fields);
  const set = Object.fromEntries(own.filter((n) => n in values).map((n) => [n, values[n]]));
  return { set, unset: own.filter((n) => !(n in values)) };
}

/** Whether a version may take its medium's place: nothing is under way there. */
export async function isSettled(ctx: Ctx, version: Medium): Promise<boolean> {
  const { entity, id } = mediumOf(version);
  const settled = { _id: id, status: { $in: SETTLED } };
  return (await findOne(ctx, entity, settled, { projection: { _id: 1 } })) !== null;
}

/** Deletes the former versions of a medium beyond those that are kept: of those that can be restored the ones replaced longest ago, and of those that failed the oldest. */
export async function trimVersions(ctx: Ctx, entity: Entity, medium: Medium): Promise<void> {
  const all = { user: medium.user, [referenceTo(entity)]: medium._id, status: { $in: SETTLED } };
  const found = await findMany(ctx, Version, all, {
    projection: { status: 1, replacedAt: 1, version: 1 },
    sort: { createdAt: -1, _id: -1 },
    limit: 10 * MOST_KEPT,
  });
  const restorable = found
    .filter(({ status }) => status === 'READY')
    .sort((a, b) => (b.replacedAt?.getTime() ?? 0) - (a.replacedAt?.getTime() ?? 0));
  const failed = found.filter(({ status }) => status === 'FAILED');
  for (const { _id, version } of [restorable, failed].flatMap((some) => some.slice(MOST_KEPT))) {
    // As it was read: restored in between, it holds what its medium showed a moment ago.
    await removeAndSweep(ctx, Version, { _id, version });
  }
}
