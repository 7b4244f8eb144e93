import { parseId, UUID } from '../../data/ids.ts';

/** A medium that the settings name. */
export interface Named {
  entity: string;
  id: UUID;
  /** Where in the body. */
  path: string;
}

/** The settings that hold the id of a medium. */
const ENTITIES: Record<string, string> = {
  track: 'Track',
  audio: 'Audio',
  image: 'Image',
  video: 'Video',
  cover: 'Image',
  backgroundImage: 'Image',
};

/** Lists the media that settings name, at any depth, whatever else may be wrong with them. */
export function listNamed(value: unknown, path = 'settings'): Named[] {
  if (typeof value !== 'object' || value === null || value instanceof UUID) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const entity = ENTITIES[key];
    const at = `${path}.${key}`;
    // Where something else is wrong nearby, an id is still as the client sent it.
    const id = entity && (inner instanceof UUID ? inner : parseId(inner));
    return entity && id ? [{ entity, id, path: at }] : listNamed(inner, at);
  });
}
