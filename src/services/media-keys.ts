import type { DocOf, Entity } from '../data/entity.ts';
import { idText, parseId, type UUID } from '../data/ids.ts';
import type { Track } from '../models/studio/track.ts';

/** What all media have in common: the file fields of a track, which every kind shares. */
export type Medium = Pick<
  DocOf<typeof Track>,
  | '_id'
  | 'user'
  | 'version'
  | 'createdAt'
  | 'updatedAt'
  | 'fileName'
  | 'contentType'
  | 'size'
  | 'filePath'
  | 'status'
> & {
  project?: UUID | null;
  checksum?: string | null;
  object?: { etag?: string | null; sequencer?: string | null } | null;
  multipart?: { partSize: number; uploadId?: string | null; completing?: UUID | null } | null;
  derivatives?: Derivative[] | null;
  derivativesPath?: string | null;
};

export interface Derivative {
  name: string;
  contentType: string;
  size: number;
  width?: number | null;
  height?: number | null;
}

/** Where all objects of a medium are; never the client's file name. */
export function folderOf(entity: Entity, user: UUID, id: UUID): string {
  return `media/${idText(user)}/${entity.collectionName}/${idText(id)}`;
}

/** The key of the uploaded bytes. */
export function originalKey(entity: Entity, user: UUID, id: UUID): string {
  return `${folderOf(entity, user, id)}/original`;
}

/** Which medium an uploaded object belongs to; undefined when the key is none of ours. */
export function readOriginalKey(
  key: string,
): { user: UUID; collection: string; id: UUID } | undefined {
  const [root, user, collection, id, name, more] = key.split('/');
  const owner = parseId(user);
  const medium = parseId(id);
  if (root !== 'media' || name !== 'original' || more !== undefined) return undefined;
  return owner && collection && medium ? { user: owner, collection, id: medium } : undefined;
}
