import fc from 'fast-check';

/** What may happen to an account; `n` chooses among its jobs or entries. */
export type Step =
  | { kind: 'post'; amount: number }
  | { kind: 'take back'; amount: number }
  | { kind: 'gift'; amount: number; days: number }
  | { kind: 'expire'; days: number }
  | { kind: 'spend'; price: number; use: number }
  | { kind: 'work' }
  | { kind: 'reverse'; n: number }
  | { kind: 'cancel' | 'retry'; n: number };

const amount = fc.integer({ min: 1, max: 20 });
const days = fc.integer({ min: 1, max: 9 });

/** Uses a part of its price, or fails where that is negative. */
const spend = fc
  .record({ price: amount, share: fc.double({ min: -0.3, max: 1, noNaN: true }) })
  .map(({ price, share }) => ({ kind: 'spend' as const, price, use: Math.round(price * share) }));

export const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('post' as const),
    amount: fc.integer({ min: -15, max: 30 }).filter((n) => n !== 0),
  }),
  { arbitrary: spend, weight: 2 },
  { arbitrary: fc.constant({ kind: 'work' as const }), weight: 2 },
  fc.record({ kind: fc.constantFrom('cancel' as const, 'retry' as const), n: fc.nat(20) }),
  fc.record({ kind: fc.constant('gift' as const), amount, days }),
  fc.record({ kind: fc.constant('expire' as const), days }),
  fc.record({ kind: fc.constant('take back' as const), amount }),
  fc.record({ kind: fc.constant('reverse' as const), n: fc.nat(20) }),
);
