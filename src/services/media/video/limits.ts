/** What one video may be. */
export const VIDEO_LIMITS = { bytes: 50_000_000_000 } as const;

/** The content types an upload may declare. */
export const VIDEO_CONTENT_TYPES: readonly string[] = [
  ...['video/mp4', 'video/quicktime', 'video/webm', 'video/x-matroska'],
];
