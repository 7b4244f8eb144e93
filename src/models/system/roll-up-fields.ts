/** What every roll-up has: the period, where it begins, and how the values in it were spread. */
export const rollUpFields = {
  period: { type: String, required: true, enum: ['HOUR', 'DAY', 'MONTH'], server: true },
  at: { type: Date, required: true, server: true },
  p50: { type: Number, server: true },
  p95: { type: Number, server: true },
} as const;
