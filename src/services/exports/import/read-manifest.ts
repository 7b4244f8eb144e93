import type Joi from 'joi';
import { makeBody } from '../../../api/resource/input.ts';
import { joinPath } from '../../../clip.ts';
import { Project } from '../../../models/projects/project.ts';
import { JobFailure } from '../../jobs/job-type.ts';
import { getEntityOfKind } from '../../media/medium.ts';
import { listRelations } from '../archive/pick-relations.ts';
import type { Manifest, ManifestMedium } from '../plan.ts';
import type { Entry } from './open-zip.ts';
import { listFaults, parseManifest, refuseManifest } from './parse-manifest.ts';

/** What an account may store by one import, in bytes. */
const MOST_BYTES = 50_000_000_000;

/** Checks a manifest against itself, the models and the files of the ZIP. @throws JobFailure INVALID_MANIFEST, TOO_LARGE */
export function readManifest(bytes: Buffer, entries: ReadonlyMap<string, Entry>): Manifest {
  const manifest = parseManifest(bytes);
  const { name, description, settings } = manifest.project;
  const own = { name, ...(description && { description }), settings: settings ?? {} };
  const bodies: Bodies = new Map();
  const faults = [
    ...listFaults(makeBody(Project.shape, 'create'), own, ['project']),
    ...manifest.media.flatMap((found, n) => findFaults(found, n, { entries, bodies })),
    ...findFalseRelations(manifest),
  ];
  const files = new Set(manifest.media.map(({ file }) => file));
  if (files.size < manifest.media.length) faults.push('media: two have the same file');
  if (faults.length > 0) throw refuseManifest(faults);
  const total = manifest.media.reduce((sum, { size }) => sum + size, 0);
  if (total > MOST_BYTES) throw new JobFailure('TOO_LARGE', 'An import has at most 50 GB.');
  return manifest;
}

/** Schemas by the kind of medium: they take longer to make than to ask. */
type Bodies = Map<string, Joi.ObjectSchema>;

function findFaults(
  { kind, file, size, fileName, contentType, checksum, fields }: ManifestMedium,
  n: number,
  { entries, bodies }: { entries: ReadonlyMap<string, Entry>; bodies: Bodies },
): string[] {
  const entry = entries.get(file);
  const at = ['media', n];
  const { project: _, ...keys } = { ...fields, fileName, contentType, size, checksum } as Record<
    string,
    unknown
  >;
  const body = bodies.get(kind) ?? makeBodyOf(kind);
  bodies.set(kind, body);
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

/** What clients may say of a kind of medium. A project is what only the import knows; other ids are relations. */
function makeBodyOf(kind: string): Joi.ObjectSchema {
  const { shape, name } = getEntityOfKind(kind);
  const related = listRelations(name).map(({ field }) => field);
  return makeBody(shape, 'create')
    .fork(['project'], (key) => key.optional())
    .fork(related, (key) => key.forbidden());
}
