/** For what is made at a payment provider once: `src/services/payments/make-once.ts`. */
export const spentKeysField = {
  type: Number,
  server: true,
  select: false,
  integer: true,
  min: 0,
  personal: 'none',
  description: 'How many idempotency keys have brought an error that the provider keeps.',
} as const;
