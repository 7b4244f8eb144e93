import Joi from 'joi';
import { parseJson } from '../../../api/json/parse.ts';
import { limitBytes } from '../../../api/resource/input.ts';
import { joinPath } from '../../../clip.ts';
import { AppError } from '../../../errors.ts';
import { LARGEST_LINEAGE, MOST_SOURCES } from '../../../models/media/media-fields.ts';
import { PROJECT_STATUSES } from '../../../models/projects/project.ts';
import { JobFailure } from '../../jobs/job-type.ts';
import type { Manifest } from '../plan.ts';

const MOST_MEDIA = 8000;
const MOST_FAULTS = 5;
/** The most keys of a manifest in all levels together, and of one of its objects. */
const MOST_KEYS = 500_000;
const MOST_KEYS_OF_ONE = 50;

const text = (max: number) => Joi.string().max(max);
const medium = Joi.object({
  kind: Joi.valid('TRACK', 'AUDIO', 'IMAGE', 'VIDEO').required(),
  id: text(36).required(),
  file: text(400).required(),
  fileName: text(255).required(),
  contentType: text(128).required(),
  size: Joi.number().strict().integer().min(1).required(),
  checksum: Joi.string()
    .pattern(/^[A-Za-z0-9+/]{43}=$/)
    .required(),
  fields: Joi.object().required(),
  relations: Joi.object().pattern(Joi.string(), text(36)),
  madeFrom: Joi.array().items(text(36)).max(MOST_SOURCES),
  lineage: Joi.object().unknown().custom(limitBytes(LARGEST_LINEAGE)),
}).required();
const schema = Joi.object({
  format: Joi.valid('mixdown-project').required(),
  version: Joi.valid(1).required(),
  project: Joi.object({
    name: Joi.any().required(),
    description: Joi.any(),
    settings: Joi.any(),
    status: Joi.valid(...PROJECT_STATUSES),
    coverImage: text(36),
  }).required(),
  media: Joi.array().required(),
});

/** Parses a manifest that has the form of one. @throws JobFailure INVALID_MANIFEST, TOO_LARGE */
export function parseManifest(bytes: Buffer): Manifest {
  let value: unknown;
  try {
    value = parseJson(bytes.toString('utf8'), MOST_KEYS);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.code === 'MALFORMED_JSON') throw refuseManifest(['it is not JSON']);
    throw refuseManifest((error.errors ?? []).map(({ path, message }) => `${path}: ${message}`));
  }
  refuseCrowd(value);
  const faults = listFaults(schema, value, []);
  const media = (value as { media?: unknown } | null)?.media;
  // One by one, so that joi's errors, which are large, are held of one medium at a time.
  const ofMedia = Array.isArray(media)
    ? media.flatMap((found, n) => listFaults(medium, found, ['media', n]))
    : [];
  if (faults.length + ofMedia.length > 0) throw refuseManifest([...faults, ...ofMedia]);
  return value as Manifest; // as the schemas say
}

/** Each key that is not known, and each medium that is not right, would be a fault of its own to hold in memory. */
function refuseCrowd(value: unknown): void {
  const { media, project } = (value ?? {}) as Record<string, unknown>;
  const listed: unknown[] = Array.isArray(media) ? media : [];
  if (listed.length > MOST_MEDIA) {
    throw new JobFailure('TOO_LARGE', `An import has at most ${MOST_MEDIA} media.`);
  }
  const parts = listed.flatMap((medium) => {
    const { fields, relations } = (medium ?? {}) as Record<string, unknown>;
    return [medium, fields, relations];
  });
  const isCrowded = [value, project, ...parts].some(
    (part) => Object.keys(part ?? {}).length > MOST_KEYS_OF_ONE,
  );
  if (isCrowded) throw refuseManifest([`an object has over ${MOST_KEYS_OF_ONE} keys`]);
}

/** Lists what a schema has against a value, by its path. */
export function listFaults(
  of: Joi.ObjectSchema,
  value: unknown,
  at: (string | number)[],
): string[] {
  const { error } = of.validate(value, { abortEarly: false, errors: { label: false } });
  return (error?.details ?? []).map(
    ({ path, message }) => `${joinPath([...at, ...path])}: ${message}`,
  );
}

/** What a manifest is refused for: a few faults, and how many there are more. */
export function refuseManifest(faults: string[]): JobFailure {
  const some = faults.slice(0, MOST_FAULTS).join('; ');
  const more = faults.length > MOST_FAULTS ? `; and ${faults.length - MOST_FAULTS} more` : '';
  return new JobFailure('INVALID_MANIFEST', `manifest.json is not right: ${some}${more}.`);
}
