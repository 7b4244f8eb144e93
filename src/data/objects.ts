import type { Stored } from './entity.ts';
import { idText, type UUID } from './ids.ts';

/** Where the objects of documents of a collection are: `media/<user>/<collection>/<id>/`. */
export function objectsIn(collection: string): (document: Stored) => string {
  return ({ user, _id }) => `media/${idText(user as UUID)}/${collection}/${idText(_id)}/`;
}
