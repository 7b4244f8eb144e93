import type { Ctx } from '../../../context.ts';
import type { Entity } from '../../../data/entity.ts';
import type { TypedFilter } from '../../../data/filter.ts';
import { idText, type UUID } from '../../../data/ids.ts';
import { findOne } from '../../../data/read.ts';
import { update } from '../../../data/write.ts';
import { AppError } from '../../../errors.ts';
import { TrashedMedium } from '../../../models/media/trashed-medium.ts';
import { listObjects } from '../../../providers/s3.ts';
import { ringJobs } from '../../jobs/queue.ts';
import { getEntityOfKind, isVersion, type Medium } from '../../media/medium.ts';
import { reprocess } from '../../media/reprocess.ts';
import { documentsFromAnywhere } from '../random-start.ts';
import type { CheckContext } from './check.ts';
import { addFinding } from './findings.ts';

/** How many media are looked for at once. */
const AT_ONCE = 16;
/** How many are made again after one run: where all are damaged, people should know first. */
const MOST_HEALED = 1000;

/** The fields by which a medium points at objects. */
const FIELDS = [
  ...['filePath', 'object', 'user', 'project', 'kind', 'derivatives', 'derivativesPath'],
  ...['stream', 'streamPath'],
];
const fieldsOf = (at = '') =>
  Object.fromEntries(FIELDS.map((name) => [at + name, 1])) as Record<string, 1>;

/** Finds media of one kind that are READY without all that they point at. */
export async function findMissing(
  ctx: Ctx,
  entity: Entity<Medium>,
  look: CheckContext,
): Promise<void> {
  const { missing, damaged } = look.result;
  await findLacking(ctx, entity, look, '', async (medium, what) => {
    const name = `${entity.name} ${idText(medium._id)}`;
    if (what === 'ORIGINAL' && (await fails(ctx, entity, medium, look))) addFinding(missing, name);
    if (what === 'DERIVATIVES' && (await heals(ctx, entity, medium, look)))
      addFinding(damaged, name);
  });
}

/** Finds media in the trash that would lack something if they were restored. */
export async function findMissingInTrash(ctx: Ctx, look: CheckContext): Promise<void> {
  await findLacking(ctx, TrashedMedium, look, 'content.', async (medium) => {
    const said = { _id: medium._id, ...saidBy(medium, 'content.') };
    const trashed = await findOne(ctx, TrashedMedium, said, { projection: { kind: 1 } });
    if (!trashed) return;
    const { name } = getEntityOfKind(trashed.kind);
    addFinding(look.result.trashed, `${name} ${idText(medium._id)}`);
  });
}

/** Tells of each medium that is READY and lacks what it points at. @param at where in a document it is */
async function findLacking(
  ctx: Ctx,
  entity: Entity,
  { page: size, result, isLate }: CheckContext,
  at: '' | 'content.',
  tell: (medium: Medium, what: 'ORIGINAL' | 'DERIVATIVES') => Promise<void>,
): Promise<void> {
  const page = { projection: fieldsOf(at), size };
  const ready = { [`${at}status`]: 'READY' };
  for await (const documents of documentsFromAnywhere(ctx, entity, ready, page)) {
    for (let i = 0; i < documents.length; i += AT_ONCE) {
      if (isLate()) {
        result.unfinished = true;
        return;
      }
      const some = documents.slice(i, i + AT_ONCE).map((document) => {
        const { _id, content } = document as unknown as { _id: UUID; content?: object };
        return { ...(at ? content : document), _id } as Medium;
      });
      result.documents += some.length;
      const lacking = await Promise.all(some.map(lackOf));
      for (const [n, medium] of some.entries()) {
        const what = lacking[n];
        if (what) await tell(medium, what);
      }
    }
  }
}

/** What of a medium is not in S3: asked by one list of its folder. */
async function lackOf(medium: Medium): Promise<'ORIGINAL' | 'DERIVATIVES' | undefined> {
  const { filePath } = medium;
  const wanted = new Set([filePath, ...madeOf(medium)]);
  const last = [...wanted].toSorted().at(-1) as string;
  for await (const page of listObjects(filePath.slice(0, filePath.lastIndexOf('/') + 1))) {
    for (const { key } of page) wanted.delete(key);
    if ((page.at(-1)?.key ?? last) >= last) break;
  }
  if (wanted.has(filePath)) return 'ORIGINAL';
  return wanted.size > 0 ? 'DERIVATIVES' : undefined;
}

/** The keys of what was made of it, as far as its document names them. */
function madeOf({ derivatives, derivativesPath, stream, streamPath }: Medium): string[] {
  const made = (derivatives ?? []).filter(({ status }) => status === 'READY');
  const streamed =
    stream?.status === 'READY' && streamPath
      ? ['master', ...(stream.renditions ?? []).map(({ name }) => name)]
      : [];
  return [
    ...made.map(({ name }) => `${derivativesPath}/${name}`),
    ...streamed.map((name) => `${streamPath}/${name}.m3u8`),
    ...streamed.slice(1).map((name) => `${streamPath}/${name}.m4s`),
  ];
}

/** Holds as long as a medium points where it did when it was read. */
function saidBy({ filePath, derivativesPath, streamPath }: Medium, at = ''): TypedFilter {
  return {
    [`${at}status`]: 'READY',
    [`${at}filePath`]: filePath,
    ...(derivativesPath && { [`${at}derivativesPath`]: derivativesPath }),
    ...(streamPath && { [`${at}streamPath`]: streamPath }),
  };
}

/** Whether it is still said to be READY with a file that is not there; then it says so, but for a dry run. */
async function fails(
  ctx: Ctx,
  entity: Entity<Medium>,
  { _id, filePath }: Medium,
  { dryRun }: CheckContext,
): Promise<boolean> {
  const said = { _id, status: 'READY', filePath };
  if (dryRun) return (await findOne(ctx, entity, said, { projection: { _id: 1 } })) !== null;
  const error = { code: 'MISSING_FILE', message: 'The uploaded file is no longer there.' };
  const set = { status: 'FAILED', error };
  return (await update(ctx, entity, said, { set, unset: ['stands'] }, 'fail')) !== null;
}

/**
 * Whether it still points at what is not there; then it is made again, but for a dry run. A stream goes, as
 * it does whenever a video is processed once more. A former version would take its medium's place by that:
 * of one it is only told.
 */
async function heals(
  ctx: Ctx,
  entity: Entity<Medium>,
  medium: Medium,
  look: CheckContext,
): Promise<boolean> {
  const said = { _id: medium._id, ...saidBy(medium) };
  if (!(await findOne(ctx, entity, said, { projection: { _id: 1 } }))) return false;
  if (look.dryRun || isVersion(entity) || look.result.damaged.count >= MOST_HEALED) return true;
  try {
    const { job } = await reprocess(ctx, entity, medium);
    await ringJobs(ctx, job);
    return true;
  } catch (error) {
    // Somebody else has begun with it.
    if (error instanceof AppError && error.code === 'INVALID_STATE') return false;
    throw error;
  }
}
