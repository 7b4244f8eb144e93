import Joi from 'joi';
import { parseJson } from '../../../api/json/parse.ts';
import { limitBytes, makeBody } from '../../../api/resource/input.ts';
import { joinPath } from '../../../clip.ts';
import { AppError } from '../../../errors.ts';
import { LARGEST_LINEAGE, MOST_SOURCES } from '../../../models/media/media-fields.ts';
import { PROJECT_STATUSES, Project } from '../../../models/projects/project.ts';
import { JobFailure } from '../../jobs/job-type.ts';
import { getEntityOfKind } from '../../media/medium.ts';
import { listRelations } from '../archive/pick-relations.ts';
import type { Manifest, ManifestMedium } from '../plan.ts';
import type { Entry } from './open-zip.ts';

const MOST_MEDIA = 8000;
/** What an account may store by one import, in bytes. */
const MOST_BYTES = 50_000_000_000;
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

/** Checks a manifest against itself, the models and the files of the ZIP. @throws JobFailure INVALID_MANIFEST, TOO_LARGE */
export function readManifest(bytes: Buffer, entries: ReadonlyMap<string, Entry>): Manifest {
  const manifest = parse(bytes);
  const { name, description, settings } = manifest.project;
  const own = { name, ...(description && { description }), settings: settings ?? {} };
  const faults = [
    ...listFaults(makeBody(Project.shape, 'create'), own, ['project']),
    ...manifest.media.flatMap((found, n) => findFaults(found, n, entries)),
    ...findFalseRelations(manifest),
  ];
  const files = new Set(manifest.media.map(({ file }) => file));
  if (files.size < manifest.media.length) faults.push('media: two have the same file');
  if (faults.length > 0) throw refuse(faults);
  const total = manifest.media.reduce((sum, { size }) => sum + size, 0);
  if (total > MOST_BYTES) throw new JobFailure('TOO_LARGE', 'An import has at most 50 GB.');
  return manifest;
}

function parse(bytes: Buffer): Manifest {
  let value: unknown;
  try {
    value = parseJson(bytes.toString('utf8'), MOST_KEYS);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.code === 'MALFORMED_JSON') throw refuse(['it is not JSON']);
    throw refuse((error.errors ?? []).map(({ path, message }) => `${path}: ${message}`));
  }
  refuseCrowd(value);
  const faults = listFaults(schema, value, []);
  const media = (value as { media?: unknown } | null)?.media;
  // One by one, so that joi's errors, which are large, are held of one medium at a time.
  const ofMedia = Array.isArray(media)
    ? media.flatMap((found, n) => listFaults(medium, found, ['media', n]))
    : [];
  if (faults.length + ofMedia.length > 0) throw refuse([...faults, ...ofMedia]);
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
  if (isCrowded) throw refuse([`an object has over ${MOST_KEYS_OF_ONE} keys`]);
}

function findFaults(
  { kind, file, size, fileName, contentType, checksum, fields }: ManifestMedium,
  n: number,
  entries: ReadonlyMap<string, Entry>,
): string[] {
  const entry = entries.get(file);
  const at = ['media', n];
  const { shape } = getEntityOfKind(kind);
  // A project is what only the import knows.
  const { project: _, ...keys } = { ...fields, fileName, contentType, size, checksum } as Record<
    string,
    unknown
  >;
  const body = makeBody(shape, 'create').fork(['project'], (key) => key.optional());
  return [
    ...(entry ? [] : [`${joinPath([...at, 'file'])}: is not in the ZIP`]),
    ...(entry && entry.uncompressedSize !== size
      ? [`${joinPath([...at, 'size'])}: the file has ${entry.uncompressedSize} bytes`]
      : []),
    ...listFaults(body, keys, at),
  ];
}

/** A field that refers to another medium names one of this manifest, of its kind. */
function findFalseRelations({ media }: Manifest): string[] {
  const kinds = new Map(media.map(({ id, kind }) => [id, kind]));
  return media.flatMap(({ kind, relations = {} }, n) => {
    const known = listRelations(getEntityOfKind(kind).name);
    const wrong = Object.entries(relations).filter(([field, id]) => {
      const target = known.find((relation) => relation.field === field);
      return !target || kinds.get(id) !== target.kind;
    });
    return wrong.map(
      ([field]) => `${joinPath(['media', n, 'relations', field])}: names no such medium in here`,
    );
  });
}

function listFaults(of: Joi.ObjectSchema, value: unknown, at: (string | number)[]): string[] {
  const { error } = of.validate(value, { abortEarly: false, errors: { label: false } });
  return (error?.details ?? []).map(
    ({ path, message }) => `${joinPath([...at, ...path])}: ${message}`,
  );
}

function refuse(faults: string[]): JobFailure {
  const some = faults.slice(0, MOST_FAULTS).join('; ');
  const more = faults.length > MOST_FAULTS ? `; and ${faults.length - MOST_FAULTS} more` : '';
  return new JobFailure('INVALID_MANIFEST', `manifest.json is not right: ${some}${more}.`);
}
