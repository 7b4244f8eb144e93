/** How many there are. Set by the server. */
export const countField = (description?: string) =>
  ({
    type: Number,
    required: true,
    integer: true,
    min: 0,
    server: true,
    personal: 'none',
    ...(description !== undefined && { description }),
  }) as const;
