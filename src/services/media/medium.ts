import { type Base, type DocOf, type Entity, entities, entityNamed } from '../../data/entity.ts';
import type { UUID } from '../../data/ids.ts';
import { getKind, MEDIA_KINDS, type MediaKindName } from '../../models/media/media-fields.ts';
import { MediumVersion } from '../../models/media/medium-version.ts';
import type { Track } from '../../models/media/track.ts';
import type { Video } from '../../models/media/video.ts';
import { ProjectImport } from '../../models/projects/project-import.ts';

/** The fields that all kinds of media and their versions share. */
export type Medium = Base &
  Pick<DocOf<typeof Track>, 'fileName' | 'contentType' | 'size' | 'filePath' | 'status'> & {
    user: UUID;
    name?: string;
    project?: UUID | null;
    /** Of a version: the kind of its medium; of an audio: RECORDING, SAMPLE… */
    kind?: string | null;
    checksum?: string | null;
    object?: { etag?: string | null; sequencer?: string | null; job?: UUID | null } | null;
    multipart?: { partSize: number; uploadId?: string | null; completing?: UUID | null } | null;
    /** Whether it was READY before: then it stays READY if processing it again fails. */
    stands?: boolean | null;
    derivatives?: Derivative[] | null;
    derivativesPath?: string | null;
    /** Of a video. */
    stream?: DocOf<typeof Video>['stream'];
    streamPath?: string | null;
    /** Of a version: the facts of all kinds. */
    facts?: Record<string, unknown> | null;
    replacedAt?: Date | null;
    replacedVersion?: number | null;
  };

export interface Derivative {
  name: string;
  contentType: string;
  status: 'PENDING' | 'READY';
  /** In bytes, once READY. */
  size?: number | null;
  width?: number | null;
  height?: number | null;
}

/**
 * Gets the entity of a kind of medium, or of versions, by name.
 * @throws Error for another entity
 */
export function getMediumEntity(name: string): Entity<Medium> {
  const entity = entityNamed(name);
  if (!isMediumOrVersion(entity)) throw new Error(`${name} is no medium.`);
  return entity;
}

/** Gets the entity of a kind as it is stored: `TRACK`. */
export function getEntityOfKind(kind: unknown): Entity<Medium> {
  return getMediumEntity(MEDIA_KINDS[kind as MediaKindName]);
}

/** Lists the entities with uploaded bytes: all kinds of media, and versions. */
export function listMediaEntities(): Entity<Medium>[] {
  return [...entities.values()].filter(isMediumOrVersion);
}

/** Whether the entity is a kind of medium, not versions. */
export function isMedium(entity: Entity): entity is Entity<Medium> {
  return getKind(entity) !== undefined;
}

export function isVersion(entity: Entity): entity is Entity<Medium> {
  return entity.name === MediumVersion.name;
}

/** Whether the entity is that of uploaded projects, whose files arrive as those of media do. */
export function isImport(entity: Entity): boolean {
  return entity.name === ProjectImport.name;
}

function isMediumOrVersion(entity: Entity): entity is Entity<Medium> {
  return isMedium(entity) || isVersion(entity) || isImport(entity);
}

/** The entity of versions, typed by the fields that it shares with media. */
export const Version = MediumVersion as unknown as Entity<Medium>;
