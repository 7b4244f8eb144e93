import type { Ctx } from '../../../context.ts';
import type { Base, Entity, Stored } from '../../../data/entity.ts';
import { idText, type UUID } from '../../../data/ids.ts';
import type { Usage } from '../../../data/usage.ts';
import { addUp } from './count-together.ts';
import { giveBack } from './give-back.ts';

/** Gives back what documents took that are removed, once the transaction of that is committed. */
export function freeAfterCommit(tx: Ctx, entity: Entity, gone: Base[]): void {
  if (!entity.options.usage) return;
  const freed = new Map<string, { user: UUID; usage: Usage }>();
  for (const document of gone) {
    if (!document.user) continue;
    const key = idText(document.user);
    const usage = entity.options.usage.of(document as Stored);
    freed.set(key, {
      user: document.user,
      usage: addUp([freed.get(key) ?? { usage: {} }, { usage }]),
    });
  }
  for (const { user, usage } of freed.values()) giveBackAfterCommit(tx, user, usage);
}

/** Gives back once the transaction is committed: a change of the counter within it would collide with others. */
export function giveBackAfterCommit(tx: Ctx, user: UUID, usage: Usage, since?: Date): void {
  tx.effects?.committed.push(() => giveBack(tx, user, usage, since));
}
