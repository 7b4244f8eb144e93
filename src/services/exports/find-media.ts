import type { Ctx } from '../../context.ts';
import { type Entity, entityNamed } from '../../data/entity.ts';
import { idText, listDistinct, type UUID } from '../../data/ids.ts';
import { findMany } from '../../data/read.ts';
import type { Fault } from '../../errors.ts';
import type { Medium } from '../media/medium.ts';
import type { Named } from './list-named.ts';
import type { Source } from './plan.ts';

/** A medium with what was found in it, as far as an export looks at it. */
export interface FoundMedium extends Medium {
  artist?: string | null;
  album?: string | null;
  genre?: string | null;
  trackNumber?: number | null;
  lyrics?: string | null;
  metadata?: Record<string, string | number | undefined> | null;
  audio?: { durationSeconds: number; sampleRate: number; channels: number } | null;
  analysis?: { bpm?: number | null } | null;
  image?: { width: number; height: number; orientation?: number } | null;
  video?: {
    durationSeconds: number;
    width: number;
    height: number;
    transfer?: 'PQ' | 'HLG' | null;
  } | null;
  madeFrom?: string[] | null;
  lineage?: object | null;
}

/** Somebody whose media are looked for. */
export interface Owner {
  user: UUID;
  project: UUID;
  awaited?: Awaited | undefined;
}

/** What will be READY once the jobs have completed that an export waits for. */
export interface Awaited {
  /** Jobs that process a medium. */
  jobs: UUID[];
  /** Media that will be processed again. */
  media: UUID[];
}

function findUsable(awaited: Awaited | undefined) {
  const stored = { 'object.etag': { $exists: true } };
  if (!awaited) return { status: 'READY', ...stored };
  const { jobs, media } = awaited;
  const processed = { status: 'PROCESSING', 'object.job': { $in: jobs } };
  const tried = { status: 'FAILED', _id: { $in: media } };
  return { ...stored, $or: [{ status: 'READY' }, processed, tried] };
}

/** Whether it is known what is in a medium: of one that is processed for the first time it is not. */
export function isKnown({ status, audio, video, image }: FoundMedium): boolean {
  return status === 'READY' || Boolean(audio ?? video ?? image);
}

const WHOLE = { outbox: 0, removing: 0 };

/** Media that settings name, by their ids as text. */
export type NamedMedia = ReadonlyMap<string, FoundMedium>;

/** Finds media that the settings name. Those that cannot be used are faults. */
export async function findNamed(
  ctx: Ctx,
  { user, awaited }: Omit<Owner, 'project'>,
  named: readonly Named[],
): Promise<{ media: NamedMedia; faults: Fault[] }> {
  const media = new Map<string, FoundMedium>();
  for (const [name, some] of Map.groupBy(named, ({ entity }) => entity)) {
    const ids = listDistinct(some.map(({ id }) => id));
    const filter = { _id: { $in: ids }, user, ...findUsable(awaited) };
    const options = { projection: WHOLE, limit: ids.length };
    const found = await findMany(ctx, getEntity(name), filter, options);
    for (const medium of found) media.set(idText(medium._id), medium);
  }
  const faults = named
    .filter(({ id }) => !media.has(idText(id)))
    .map(({ entity, path }) => ({
      path,
      message: `there is no such ${entity.toLowerCase()} that is READY`,
    }));
  return { media, faults };
}

/** Finds the READY media of a kind that a project has, the oldest first, and at most `limit`. */
export function findOfProject(
  ctx: Ctx,
  { user, project, awaited }: Owner,
  entity: string,
  limit: number,
): Promise<FoundMedium[]> {
  const filter = { user, project, ...findUsable(awaited) };
  const sort = { createdAt: 1, _id: 1 } as const;
  return findMany(ctx, getEntity(entity), filter, { projection: WHOLE, sort, limit });
}

/** Tracks in the order of an album. */
export function compareTracks(a: FoundMedium, b: FoundMedium): number {
  const last = Number.POSITIVE_INFINITY;
  const [first, second] = [a.trackNumber ?? last, b.trackNumber ?? last];
  // Infinity minus itself is no number.
  return first === second ? 0 : first - second;
}

/** Names the bytes of a medium. */
export function toSource(entity: string, medium: FoundMedium): Source {
  const { _id, name = '', fileName, filePath, size, object } = medium;
  return {
    ...{ entity, id: idText(_id), name, fileName },
    ...{ key: filePath, etag: object?.etag ?? '', size },
  };
}

function getEntity(name: string): Entity<FoundMedium> {
  return entityNamed(name) as Entity as Entity<FoundMedium>;
}
