import type { Ctx } from '../../../context.ts';
import type { Entity } from '../../../data/entity.ts';
import { idText, type UUID } from '../../../data/ids.ts';
import { confirmChange } from '../../../data/references.ts';
import { update } from '../../../data/write.ts';
import { AppError } from '../../../errors.ts';
import { getEntityOfKind } from '../../media/medium.ts';
import type { Manifest } from '../plan.ts';

/**
 * Says of imported media what they have to do with each other, once all of them are there.
 * @param ids the new ids, by those of the manifest
 */
export async function relateMedia(
  ctx: Ctx,
  { media }: Manifest,
  ids: ReadonlyMap<string, UUID>,
): Promise<void> {
  for (const { kind, id, relations = {}, madeFrom = [] } of media) {
    const related = Object.entries(relations).map(([field, old]) => [field, ids.get(old)]);
    const sources = madeFrom.flatMap((old) => ids.get(old) ?? []).map(idText);
    const set = {
      ...Object.fromEntries(related),
      ...(sources.length > 0 && { madeFrom: sources }),
    };
    const _id = ids.get(id);
    if (_id && Object.keys(set).length > 0) await relate(ctx, getEntityOfKind(kind), _id, set);
  }
}

async function relate(ctx: Ctx, entity: Entity, _id: UUID, set: object): Promise<void> {
  if (!(await update(ctx, entity, { _id }, { set: { ...set } }, 'import'))) return;
  try {
    await confirmChange(ctx, entity, _id, { ...set });
  } catch (error) {
    // What it refers to was deleted meanwhile, so it does not refer to that any more.
    if (!(error instanceof AppError && error.code === 'VALIDATION_FAILED')) throw error;
  }
}
