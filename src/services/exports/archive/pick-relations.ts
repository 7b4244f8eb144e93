import { entityNamed } from '../../../data/entity.ts';
import { idText, UUID } from '../../../data/ids.ts';
import { getKind, type MediaKindName } from '../../../models/media/media-fields.ts';
import type { FoundMedium } from '../find-media.ts';
import type { ManifestMedium } from '../plan.ts';

/** Lists the fields of a kind of medium that clients set to another medium, with the kind of that. */
export function listRelations(entity: string): { field: string; kind: MediaKindName }[] {
  return Object.values(entityNamed(entity).shape.fields).flatMap(
    ({ shape, server, publicName }) => {
      const target = shape.kind === 'id' && !server && shape.ref ? entityNamed(shape.ref) : null;
      const kind = target && getKind(target);
      return kind ? [{ field: publicName, kind }] : [];
    },
  );
}

/** What a medium has to do with others that are in the same ZIP, and how it was generated. */
export function pickRelations(
  entity: string,
  medium: FoundMedium,
  ids: ReadonlySet<string>,
): Pick<ManifestMedium, 'relations' | 'madeFrom' | 'lineage'> {
  const values = medium as unknown as Record<string, unknown>;
  const related = listRelations(entity).flatMap(({ field }) => {
    const id = values[field] instanceof UUID ? idText(values[field]) : '';
    return ids.has(id) ? [[field, id]] : [];
  });
  const madeFrom = (medium.madeFrom ?? []).filter((id) => ids.has(id));
  return {
    ...(related.length > 0 && { relations: Object.fromEntries(related) }),
    ...(madeFrom.length > 0 && { madeFrom }),
    ...(medium.lineage && { lineage: medium.lineage }),
  };
}
