import { type Base, type DocOf, type Entity, entities, entityNamed } from '../../data/entity.ts';
import type { UUID } from '../../data/ids.ts';
import { kindOf, MEDIA_KINDS, type MediaKindName } from '../../models/media/media-fields.ts';
import { MediumVersion } from '../../models/media/medium-version.ts';
import type { Track } from '../../models/media/track.ts';
import type { Video } from '../../models/media/video.ts';

/** What all media and their versions have in common: the file fields, which every kind shares. */
export type Medium = Base &
  Pick<DocOf<typeof Track>, 'fileName' | 'contentType' | 'size' | 'filePath' | 'status'> & {
    user: UUID;
    name?: string;
    project?: UUID | null;
    /** Of a version: what it is one of; of an audio, what it is. */
    kind?: string | null;
    checksum?: string | null;
    object?: { etag?: string | null; sequencer?: string | null; job?: UUID | null } | null;
    multipart?: { partSize: number; uploadId?: string | null; completing?: UUID | null } | null;
    /** Whether what is shown was READY once, and stays. */
    stands?: boolean | null;
    derivatives?: Derivative[] | null;
    derivativesPath?: string | null;
    /** Of a video. */
    stream?: DocOf<typeof Video>['stream'];
    streamPath?: string | null;
    /** Of a version: what its decoder told. */
    facts?: Record<string, unknown> | null;
    replacedAt?: Date | null;
  };

export interface Derivative {
  name: string;
  contentType: string;
  status: 'PENDING' | 'READY';
  /** Of those that are READY. */
  size?: number | null;
  width?: number | null;
  height?: number | null;
}

/** An entity by name that is known to be a kind of medium, or their versions. */
export function mediumEntity(name: string): Entity<Medium> {
  const entity = entityNamed(name);
  if (!isMediumOrVersion(entity)) throw new Error(`${name} is no medium.`);
  return entity;
}

/** The entity of a kind, as documents name it: `TRACK`. */
export function entityOfKind(kind: unknown): Entity<Medium> {
  return mediumEntity(MEDIA_KINDS[kind as MediaKindName]);
}

/** Every entity that has uploaded bytes: the kinds of media, and their versions. */
export function mediaEntities(): Entity<Medium>[] {
  return [...entities.values()].filter(isMediumOrVersion);
}

/** Whether it is a kind of medium. */
export function isMedium(entity: Entity): entity is Entity<Medium> {
  return kindOf(entity) !== undefined;
}

export function isVersion(entity: Entity): entity is Entity<Medium> {
  return entity.name === MediumVersion.name;
}

function isMediumOrVersion(entity: Entity): entity is Entity<Medium> {
  return isMedium(entity) || isVersion(entity);
}

/** Former and coming bytes of media, typed as what they have in common with these. */
export const Version = MediumVersion as unknown as Entity<Medium>;
