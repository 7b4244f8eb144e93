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

/** Counts the keys that are spent: for whoever makes the same thing, at once or later. */
export interface KeyCounter {
  read(): Promise<number>;
  /** Stores the number, unless it is as high already. */
  raise(to: number): Promise<void>;
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
  place: Place<D>,
  making: Making<T>,
): Promise<T> {
  return makeByKeys(countKeys(ctx, place), making);
}

function countKeys<D extends Base>(ctx: Ctx, { entity, _id }: Place<D>): KeyCounter {
  return {
    read: async () => {
      const stored = await findOne(ctx, entity, { _id }, { projection: { spentKeys: 1 } });
      return stored?.spentKeys ?? 0;
    },
    raise: async (spentKeys) => {
      const isLess = { _id, $nor: [{ spentKeys: { $gte: spentKeys } }] };
      await update(ctx, entity, isLess, { set: { spentKeys } }, 'retry');
    },
  };
}

/** The same, where the keys that are spent are counted in another place. */
export async function makeByKeys<T>(
  counter: KeyCounter,
  { name, create, find }: Making<T>,
): Promise<T> {
  let spent = await counter.read();
  for (let tries = 1; ; tries++) {
    try {
      return await create(spent === 0 ? name : `${name}-${spent}`);
    } catch (error) {
      if (!isKeySpent(error)) throw error;
      const found = await find();
      if (found !== undefined) return found;
      spent++;
      await counter.raise(spent);
      if (tries === KEYS) throw error;
    }
  }
}
