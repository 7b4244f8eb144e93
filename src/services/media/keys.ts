import type { Entity } from '../../data/entity.ts';
import { idText, parseId, type UUID } from '../../data/ids.ts';
import { folderIn } from '../../data/objects.ts';
import { MediumVersion } from '../../models/media/medium-version.ts';
import type { Medium } from './medium.ts';

/**
 * The S3 folder of a medium's objects: a prefix with a trailing slash, without the client's file
 * name.
 */
export function buildFolder(entity: Entity, user: UUID, id: UUID): string {
  return folderIn(entity.collectionName, user, id);
}

/** Finds the document in whose folder a key is; undefined when it is in none. */
export function parseFolder(key: string): { user: UUID; collection: string; id: UUID } | undefined {
  const [root, user, collection, id, ...rest] = key.split('/');
  const owner = parseId(user);
  const document = parseId(id);
  if (root !== 'media' || !owner || !collection || !document || rest.length === 0) return undefined;
  return { user: owner, collection, id: document };
}

/** Lists what a processed medium has in S3: keys, and prefixes with a trailing slash. */
export function listPointers({ filePath, derivativesPath }: Medium): string[] {
  return [filePath, ...(derivativesPath ? [`${derivativesPath}/`] : [])];
}

/**
 * The common prefix of the folders in which a job makes derivatives. Each claim of the job has a
 * folder of its own: the fencing token follows the prefix.
 */
export function buildWorkPrefix({ filePath }: Pick<Medium, 'filePath'>, job: UUID): string {
  return `${filePath.slice(0, filePath.lastIndexOf('/'))}/derivatives/${idText(job)}-`;
}

/** The key of the uploaded bytes of a version, inside the folder of its medium. */
export function buildVersionKey(entity: Entity, user: UUID, id: UUID, version: UUID): string {
  return `${buildFolder(entity, user, id)}versions/${idText(version)}/original`;
}

/** The key of the uploaded bytes of a medium. */
export function buildOriginalKey(entity: Entity, user: UUID, id: UUID): string {
  return `${buildFolder(entity, user, id)}original`;
}

/**
 * Finds the document of uploaded bytes: a medium or, by `collection`, a version of one; undefined
 * for other keys.
 */
export function parseOriginalKey(
  key: string,
): { user: UUID; collection: string; id: UUID } | undefined {
  const place = parseFolder(key);
  const [name, version, original, ...more] = key.split('/').slice(4);
  if (!place || more.length > 0) return undefined;
  if (name === 'original' && version === undefined) return place;
  const id = parseId(version);
  const isVersion = name === 'versions' && original === 'original' && id;
  // A version's objects are in the folder of its medium, so the key does not name its collection.
  const collection = MediumVersion.collectionName;
  return isVersion ? { user: place.user, collection, id } : undefined;
}
