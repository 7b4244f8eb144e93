import type { Stored } from './entity.ts';
import { idText, type UUID } from './ids.ts';

/** The prefix of a document's objects in S3: `media/<user>/<collection>/<id>/`. */
export function folderIn(collection: string, user: UUID, id: UUID): string {
  return `media/${idText(user)}/${collection}/${idText(id)}/`;
}

/** Makes the option `objects` of an entity whose documents each have a folder. */
export function objectsIn(collection: string): (document: Stored) => string[] {
  return ({ user, _id }) => [folderIn(collection, user as UUID, _id)];
}
