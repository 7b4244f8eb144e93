/** The file of an export is kept for this long, in ms. */
export const KEPT_MS = 7 * 24 * 3600_000;
