import type { Ctx } from '../../context.ts';
import type { Base, Entity } from '../../data/entity.ts';
import { findOne } from '../../data/read.ts';
import { update } from '../../data/write.ts';
import { isKeySpent } from './stripe.ts';

/** How many keys one request tries; the next one goes on from there. */
const KEYS = 2;

/** The document that something at Stripe is made for: it counts the keys that are spent. */
interface Place<T extends Base> {
  entity: Entity<T & { spentKeys?: number | null }>;
  _id: T['_id'];
}

interface Making<T> {
  /** The first key, and how all others begin. */
  name: string;
  /** Asks Stripe to make it. Nothing in the parameters may change from one time to the next. */
  create(idempotencyKey: string): Promise<T>;
  /** Looks for what an earlier call has made. */
  find(): Promise<T | undefined>;
}

/**
 * Has Stripe make something once. A call whose outcome is unknown is sent again by the same key, which Stripe
 * answers with what it made then. A key under which it has stored an error, or other parameters, brings
 * nothing for a day: then what an earlier call may have made is looked for, and only without that a next key is
 * used. Its number is stored first, so that all who ask at once use the same one.
 * @throws StripeRefusal; AppError UNAVAILABLE where the outcome is unknown
 */
export async function makeOnce<D extends Base, T>(
  ctx: Ctx,
  { entity, _id }: Place<D>,
  { name, create, find }: Making<T>,
): Promise<T> {
  const stored = await findOne(ctx, entity, { _id }, { projection: { spentKeys: 1 } });
  let spent: number = stored?.spentKeys ?? 0;
  for (let tries = 1; ; tries++) {
    try {
      return await create(spent === 0 ? name : `${name}-${spent}`);
    } catch (error) {
      if (!isKeySpent(error)) throw error;
      const found = await find();
      if (found !== undefined) return found;
      spent++;
      const isLess = { _id, $nor: [{ spentKeys: { $gte: spent } }] };
      await update(ctx, entity, isLess, { set: { spentKeys: spent } }, 'retry');
      if (tries === KEYS) throw error;
    }
  }
}
