import type { End, World } from './world.ts';

/** What happens at Stripe and here, and what is left of it, however its events come. */
export interface Scenario {
  name: string;
  play(world: World): Promise<void>;
  ends: End;
}

export const NOTHING = { balance: 0, debt: 0, isFrozen: false, purchases: 0 };
export const PAID = {
  ...{ status: 'COMPLETED', refundedAmount: 0, error: undefined },
  ...{ balance: 100, debt: 0, isFrozen: false, purchases: 1 },
};
export const GONE = { ...PAID, status: 'REFUNDED', refundedAmount: 500, balance: 0 };
export const UNPAID = { status: 'PENDING', refundedAmount: 0, error: undefined, ...NOTHING };
