import type { Manifest } from '../plan.ts';

/** The most that a manifest has, in bytes, in an export as in an import: it is read as a whole. */
export const MOST_MANIFEST_BYTES = 16 * 1024 * 1024;

/** Writes a manifest as it stands in a ZIP. */
export const printManifest = (manifest: Manifest): string => JSON.stringify(manifest, null, 2);
