/** What every roll-up has: the period, where it begins, and how the values in it were spread. */
export const rollUpFields = {
  period: { type: String, required: true, enum: ['HOUR', 'DAY', 'MONTH'], server: true },
  at: { type: Date, required: true, server: true, description: 'When the period begins.' },
  p50: { type: Number, server: true, description: 'The median.' },
  p95: { type: Number, server: true, description: '95 of 100 were at most this.' },
} as const;
