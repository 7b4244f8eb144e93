import type { Ctx } from '../../context.ts';
import type { Base, Entity } from '../../data/entity.ts';
import { idText } from '../../data/ids.ts';

/** A look is left undone when this much time is left, in ms. */
const RESERVE = 20_000;

type Due = Base & { lookedUpAt?: Date | null };

interface Looking<T> {
  look(document: T): Promise<void>;
  /** Told of one that could not be looked at: it does not keep the others waiting. */
  fail(document: T, error: Error): void;
}

/**
 * Looks at documents, one after the other, while there is time. When is noted first, so that one which cannot be
 * looked at, or is to be looked at again, comes after those that have waited longer.
 * @returns how many were looked at
 */
export async function lookAtEach<T extends Due>(
  ctx: Ctx,
  entity: Entity<T>,
  due: T[],
  timeLeft: () => number,
  { look, fail }: Looking<T>,
): Promise<number> {
  let looked = 0;
  for (const document of due) {
    if (timeLeft() < RESERVE) break;
    try {
      // Nothing that anybody sees: there is no new version.
      const lookedUpAt = new Date(ctx.clock());
      await entity.collection.updateOne({ _id: document._id }, { $set: { lookedUpAt } });
      await look(document);
      looked++;
    } catch (error) {
      fail(document, error as Error);
    }
  }
  return looked;
}

/** What is due, of several kinds: first what was never looked at, then what was looked at longest ago. */
export function inTurn<T extends Due>(kinds: T[][]): T[] {
  const each = new Map(kinds.flat().map((document) => [idText(document._id), document]));
  return [...each.values()].sort(
    (one, other) =>
      (one.lookedUpAt?.getTime() ?? 0) - (other.lookedUpAt?.getTime() ?? 0) ||
      one.createdAt.getTime() - other.createdAt.getTime(),
  );
}
