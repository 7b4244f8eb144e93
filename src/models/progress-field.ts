/** How far work is, in percent. Set by the server. */
export const progressField = (description = 'In percent.') =>
  ({
    type: Number,
    required: true,
    default: 0,
    min: 0,
    max: 100,
    server: true,
    personal: 'none',
    description,
  }) as const;
