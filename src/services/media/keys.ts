import type { Entity } from '../../data/entity.ts';
import { idText, parseId, type UUID } from '../../data/ids.ts';
import { folderIn } from '../../data/objects.ts';
import { MediumVersion } from '../../models/media/medium-version.ts';
import type { Medium } from './medium.ts';

/** Where all objects of a medium are: a prefix that ends in a slash; never the client's file name. */
export function folderOf(entity: Entity, user: UUID, id: UUID): string {
  return folderIn(entity.collectionName, user, id);
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

/**
 * How the folders begin in which a job makes the derivatives of a medium's present bytes: the number of the
 * claim follows, each of which has its own.
 */
export function workPrefix({ filePath }: Pick<Medium, 'filePath'>, job: UUID): string {
  return `${filePath.slice(0, filePath.lastIndexOf('/'))}/derivatives/${idText(job)}-`;
}

/** The key of the bytes of a version of a medium: within the folder of that one. */
export function versionKey(entity: Entity, user: UUID, id: UUID, version: UUID): string {
  return `${folderOf(entity, user, id)}versions/${idText(version)}/original`;
}

/** The key of the uploaded bytes. */
export function originalKey(entity: Entity, user: UUID, id: UUID): string {
  return `${folderOf(entity, user, id)}original`;
}

/**
 * Which document uploaded bytes belong to: a medium, or (`collection` says so) a version of one. Undefined
 * when the key is none of ours.
 */
export function readOriginalKey(
  key: string,
): { user: UUID; collection: string; id: UUID } | undefined {
  const place = readFolder(key);
  const [name, version, original, ...more] = key.split('/').slice(4);
  if (!place || more.length > 0) return undefined;
  if (name === 'original' && version === undefined) return place;
  const id = parseId(version);
  const isVersion = name === 'versions' && original === 'original' && id;
  // Their objects are in the folders of their media.
  const collection = MediumVersion.collectionName;
  return isVersion ? { user: place.user, collection, id } : undefined;
}
