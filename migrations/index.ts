import type { Migration } from '../src/data/migrations/migration.ts';
import { first } from './0001-first.ts';
import { everyModel } from './0002-every-model.ts';
import { qwenOmni } from './0003-qwen-omni.ts';
import { awaitedUploads } from './0004-awaited-uploads.ts';
import { media } from './0005-media.ts';
import { mediaKinds } from './0006-media-kinds.ts';
import { jobFamilies } from './0007-job-families.ts';

/** Every migration, in order. */
export const migrations: Migration[] = [
  first,
  everyModel,
  qwenOmni,
  awaitedUploads,
  media,
  mediaKinds,
  jobFamilies,
];
