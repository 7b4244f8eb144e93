/** What one image may be. */
export const IMAGE_LIMITS = { bytes: 100_000_000 } as const;

/** The content types an upload may declare. */
export const IMAGE_CONTENT_TYPES: readonly string[] = [
  ...['image/jpeg', 'image/png', 'image/webp', 'image/avif', 'image/gif', 'image/tiff'],
];
