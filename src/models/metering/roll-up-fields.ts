/** The fields that every roll-up has: the period, its start, and percentiles of its values. */
export const rollUpFields = {
  period: {
    type: String,
    required: true,
    enum: ['HOUR', 'DAY', 'MONTH'],
    server: true,
    personal: 'none',
  },
  at: {
    type: Date,
    required: true,
    server: true,
    personal: 'none',
    description: 'When the period begins.',
  },
  p50: { type: Number, server: true, personal: 'none', description: 'The median.' },
  p95: { type: Number, server: true, personal: 'none', description: 'The 95th percentile.' },
} as const;
