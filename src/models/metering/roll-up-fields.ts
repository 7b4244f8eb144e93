/** The fields of every roll-up: the period, its start, and the distribution of the values. */
export const rollUpFields = {
  period: { type: String, required: true, enum: ['HOUR', 'DAY', 'MONTH'], server: true },
  at: { type: Date, required: true, server: true, description: 'When the period begins.' },
  p50: { type: Number, server: true, description: 'The median.' },
  p95: { type: Number, server: true, description: 'The 95th percentile.' },
} as const;
