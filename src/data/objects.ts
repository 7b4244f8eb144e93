import type { Stored } from './entity.ts';
import { idText, type UUID } from './ids.ts';

/** Where the objects of a document are: `media/<user>/<collection>/<id>/`. */
export function folderIn(collection: string, user: UUID, id: UUID): string {
  return `media/${idText(user)}/${collection}/${idText(id)}/`;
}

/** All that is in the folder of a document of this collection. */
export function objectsIn(collection: string): (document: Stored) => string[] {
  return ({ user, _id }) => [folderIn(collection, user as UUID, _id)];
}
