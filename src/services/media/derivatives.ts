import { rm } from 'node:fs/promises';
import type { Ctx } from '../../context.ts';
import type { Entity } from '../../data/entity.ts';
import { idText } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { update } from '../../data/write.ts';
import type { JobDoc } from '../../models/jobs/job.ts';
import { deleteUnder } from '../../providers/s3.ts';
import { upload } from '../../providers/upload.ts';
import { workPrefix } from './keys.ts';
import type { Derivative, Medium } from './medium.ts';
import type { DerivativeFile, Facts, PlannedDerivative, Probed } from './processor.ts';

/** The derivatives of a medium while they are made: each is published as soon as it is there. */
export interface Derivatives {
  /** Where this claim puts them; without a slash at its end. */
  folder: string;
  /** What will be made shows as PENDING, with the facts known so far. */
  begin(probed: Probed): Promise<void>;
  /** Uploads one and shows it. */
  add(file: DerivativeFile): Promise<void>;
  /** All that are planned, as they are now. */
  planned(): Derivative[];
  /** All that are there. @throws Error when a mandatory one is missing */
  complete(): Derivative[];
  /** Takes back and deletes those of a run that came to nothing. */
  withdraw(): Promise<void>;
}

/** The claim of a worker, as far as its folder is named by it. */
interface Maker {
  ctx: Ctx;
  job: JobDoc;
  token: number;
  signal: AbortSignal;
}

/**
 * Publishes derivatives while they are made. Where a medium shows others already, as one that is processed
 * once more does, these stay until all new ones are there.
 */
export function openDerivatives(
  { ctx, job, token, signal }: Maker,
  entity: Entity<Medium>,
  medium: Medium,
): Derivatives {
  const folder = `${workPrefix(medium, job._id)}${token}`;
  const shown = medium.derivativesPath ?? null;
  // An earlier claim of this job may have put some there.
  const isFirst = shown === null || shown.includes(`/${idText(job._id)}-`);
  const made = new Map<string, Derivative>();
  let plan: PlannedDerivative[] = [];

  // Whoever claimed the job later has a folder of its own there: a stale worker changes nothing.
  const at = (derivativesPath: string | null) => {
    return { _id: medium._id, status: 'PROCESSING', derivativesPath };
  };
  const planned = () => plan.map((p): Derivative => made.get(p.name) ?? pending(p));
  return {
    folder,
    async begin({ facts, derivatives }) {
      plan = derivatives;
      if (isFirst) {
        const known = { ...factsOf(entity, facts), derivatives: planned() };
        await update(ctx, entity, at(shown), { set: { ...known, derivativesPath: folder } }, null);
      }
      await deleteEarlier(folder);
    },
    async add({ path, ...file }) {
      await upload(`${folder}/${file.name}`, { path, ...file }, signal);
      await rm(path, { force: true });
      made.set(file.name, { ...file, status: 'READY' });
      if (isFirst) await update(ctx, entity, at(folder), { set: { derivatives: planned() } }, null);
    },
    planned,
    complete() {
      const missing = plan.filter((p) => p.mandatory && !made.has(p.name));
      if (missing.length > 0) throw new Error(`Not made: ${missing.map((p) => p.name)}`);
      return planned().filter(({ status }) => status === 'READY');
    },
    async withdraw() {
      const unset = ['derivatives', 'derivativesPath'];
      await update(ctx, entity, at(folder), { unset }, null);
      // An error may have been heard of a run whose transaction was committed all the same.
      const published = { _id: medium._id, derivativesPath: folder };
      if (await findOne(ctx, entity, published, { projection: { _id: 1 } })) return;
      await deleteUnder(`${folder}/`);
    },
  };
}

function pending({ name, contentType }: PlannedDerivative): Derivative {
  return { name, contentType, status: 'PENDING' };
}

/** Deletes what was made under earlier claims of the job that made this folder. */
export async function deleteEarlier(folder: string): Promise<void> {
  const prefix = folder.slice(0, folder.lastIndexOf('-') + 1);
  const token = Number(folder.slice(prefix.length));
  const isEarlier = (key: string) => Number.parseInt(key.slice(prefix.length), 10) < token;
  await deleteUnder(prefix, (key) => !isEarlier(key));
}

/** Facts as the entity stores them: a version has those of every kind in one object. */
export function factsOf(entity: Entity, facts: Facts): Record<string, unknown> {
  const known = withoutNulls(facts);
  return 'facts' in entity.shape.fields ? { facts: known } : known;
}

/** Without nulls, at any depth: what is not known is not stored. */
export function withoutNulls<T extends object>(object: T): T {
  const entries = Object.entries(object).flatMap(([name, value]) => {
    if (value === null || value === undefined) return [];
    const isObject = typeof value === 'object' && !Array.isArray(value);
    return [[name, isObject ? withoutNulls(value) : value]];
  });
  // The same members but for those that are null, which its optional fields allow.
  return Object.fromEntries(entries) as T;
}
