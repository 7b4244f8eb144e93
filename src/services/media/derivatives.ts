import { rm } from 'node:fs/promises';
import type { Ctx } from '../../context.ts';
import type { Entity } from '../../data/entity.ts';
import { idText } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { update } from '../../data/write.ts';
import type { JobDoc } from '../../models/jobs/job.ts';
import { deleteUnder } from '../../providers/s3.ts';
import { upload } from '../../providers/upload.ts';
import { buildWorkPrefix } from './keys.ts';
import type { Derivative, Medium } from './medium.ts';
import type { DerivativeFile, Facts, PlannedDerivative, Probed } from './processor.ts';

/** The derivatives of a medium while it is processed: each is published once uploaded. */
export interface Derivatives {
  /** The S3 folder of this claim, without a trailing slash. */
  folder: string;
  /** Publishes the planned derivatives as PENDING, with the facts known so far. */
  begin(probed: Probed): Promise<void>;
  /** Uploads one and publishes it. */
  add(file: DerivativeFile): Promise<void>;
  /** All planned derivatives, PENDING or READY. */
  listPlanned(): Derivative[];
  /** All READY derivatives. @throws Error when a mandatory one is missing */
  requireReady(): Derivative[];
  /** Unpublishes and deletes the derivatives of a run that failed. */
  withdraw(): Promise<void>;
}

/** The claim of a worker; job id and token name its folder. */
interface Claim {
  ctx: Ctx;
  job: JobDoc;
  token: number;
  signal: AbortSignal;
}

/**
 * Publishes derivatives while they are made. If the medium has older ones, because it is processed
 * again, those stay published until all new ones are READY.
 */
export function openDerivatives(
  { ctx, job, token, signal }: Claim,
  entity: Entity<Medium>,
  medium: Medium,
): Derivatives {
  const folder = `${buildWorkPrefix(medium, job._id)}${token}`;
  const published = medium.derivativesPath ?? null;
  // Whether to publish one by one: nothing is published yet, or by an earlier claim of this job.
  const publishesEach = published === null || published.includes(`/${idText(job._id)}-`);
  const uploaded = new Map<string, Derivative>();
  let plan: PlannedDerivative[] = [];

  // The folder in the filter fences off stale workers: a later claim has its own published.
  const buildFilter = (derivativesPath: string | null) => {
    return { _id: medium._id, status: 'PROCESSING', derivativesPath };
  };
  const listPlanned = () => plan.map((p): Derivative => uploaded.get(p.name) ?? makePending(p));
  return {
    folder,
    async begin({ facts, derivatives }) {
      plan = derivatives;
      if (publishesEach) {
        const known = { ...toStoredFacts(entity, facts), derivatives: listPlanned() };
        const set = { ...known, derivativesPath: folder };
        await update(ctx, entity, buildFilter(published), { set }, null);
      }
      await deleteEarlier(folder);
    },
    async add({ path, ...file }) {
      await upload(`${folder}/${file.name}`, { path, ...file }, signal);
      await rm(path, { force: true });
      uploaded.set(file.name, { ...file, status: 'READY' });
      if (publishesEach) {
        const set = { derivatives: listPlanned() };
        await update(ctx, entity, buildFilter(folder), { set }, null);
      }
    },
    listPlanned,
    requireReady() {
      const missing = plan.filter((p) => p.mandatory && !uploaded.has(p.name));
      if (missing.length > 0) throw new Error(`Not made: ${missing.map((p) => p.name)}`);
      return listPlanned().filter(({ status }) => status === 'READY');
    },
    async withdraw() {
      const unset = ['derivatives', 'derivativesPath'];
      await update(ctx, entity, buildFilter(folder), { unset }, null);
      // The run may have failed although its transaction was committed (the answer was lost): keep
      // them then.
      const current = { _id: medium._id, derivativesPath: folder };
      if (await findOne(ctx, entity, current, { projection: { _id: 1 } })) return;
      await deleteUnder(`${folder}/`);
    },
  };
}

function makePending({ name, contentType }: PlannedDerivative): Derivative {
  return { name, contentType, status: 'PENDING' };
}

/** Deletes the folders of earlier claims of the same job. */
export async function deleteEarlier(folder: string): Promise<void> {
  const prefix = folder.slice(0, folder.lastIndexOf('-') + 1);
  const token = Number(folder.slice(prefix.length));
  const isEarlier = (key: string) => Number.parseInt(key.slice(prefix.length), 10) < token;
  await deleteUnder(prefix, (key) => !isEarlier(key));
}

/**
 * Facts as the entity stores them: in fields of their own, but for a version in the one field
 * `facts`.
 */
export function toStoredFacts(entity: Entity, facts: Facts): Record<string, unknown> {
  const known = omitNulls(facts);
  return 'facts' in entity.shape.fields ? { facts: known } : known;
}

/** Removes null and undefined members at any depth, since unknown values are not stored. */
export function omitNulls<T extends object>(object: T): T {
  const entries = Object.entries(object).flatMap(([name, value]) => {
    if (value === null || value === undefined) return [];
    const isObject = typeof value === 'object' && !Array.isArray(value);
    return [[name, isObject ? omitNulls(value) : value]];
  });
  // The cast is safe: only null members are removed, and those fields are optional.
  return Object.fromEntries(entries) as T;
}
