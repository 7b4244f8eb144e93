import type { DocOf, Entity } from '../data/entity.ts';
import { parseId, type UUID } from '../data/ids.ts';
import { objectsIn } from '../data/objects.ts';
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
  status: 'PENDING' | 'READY';
  /** Of those that are READY. */
  size?: number | null;
  width?: number | null;
  height?: number | null;
}

/** Where all objects of a medium are: a prefix that ends in a slash; never the client's file name. */
export function folderOf(entity: Entity, user: UUID, id: UUID): string {
  return objectsIn(entity.collectionName)({ user, _id: id });
}

/** Which document's folder a key is in; undefined when it is in none. */
export function readFolder(key: string): { user: UUID; collection: string; id: UUID } | undefined {
  const [root, user, collection, id, ...rest] = key.split('/');
  const owner = parseId(user);
  const document = parseId(id);
  if (root !== 'media' || !owner || !collection || !document || rest.length === 0) return undefined;
  return { user: owner, collection, id: document };
}

/** All that is a medium's in S3 once its processing has ended: keys, and prefixes that end in a slash. */
export function pointersOf({ filePath, derivativesPath }: Medium): string[] {
  return [filePath, ...(derivativesPath ? [`${derivativesPath}/`] : [])];
}

/** The key of the uploaded bytes. */
export function originalKey(entity: Entity, user: UUID, id: UUID): string {
  return `${folderOf(entity, user, id)}original`;
}

/** Which medium an uploaded object belongs to; undefined when the key is none of ours. */
export function readOriginalKey(
  key: string,
): { user: UUID; collection: string; id: UUID } | undefined {
  return /^[^/]+\/[^/]+\/[^/]+\/[^/]+\/original$/.test(key) ? readFolder(key) : undefined;
}
