import type { Ctx } from '../../context.ts';
import type { Entity } from '../../data/entity.ts';
import { idText } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { update } from '../../data/write.ts';
import type { Claim } from '../jobs/queue.ts';
import type { Derivative, Medium } from './keys.ts';
import type { DerivativeFile, Facts, PlannedDerivative, Probed } from './processor.ts';

interface Place {
  ctx: Ctx;
  entity: Entity;
  medium: Medium;
  claim: Claim;
  /** Where this claim puts its derivatives. */
  target: string;
}

/** The derivatives of a medium while they are made: each is shown as soon as it is there. */
export interface Showing {
  /** What will be made shows as PENDING. */
  begin(probed: Probed): Promise<void>;
  add(file: DerivativeFile): Promise<void>;
  /** All that are planned, as they are now. */
  soFar(): Derivative[];
  /** All that are there. @throws Error when a mandatory one is missing */
  complete(): Derivative[];
  /**
   * Takes back what was shown, of a claim that came to nothing. False where it came to something after
   * all: what was made is shown for good.
   */
  withdraw(): Promise<boolean>;
}

/**
 * Shows derivatives while they are made; but where others are shown from before, as those of a medium that
 * is processed once more, these stay until all new ones are there.
 */
export function showing({ ctx, entity, medium, claim, target }: Place): Showing {
  let planned: PlannedDerivative[] = [];
  const made = new Map<string, Derivative>();
  const isFirst = !medium.derivativesPath || isOf(claim, medium.derivativesPath);

  // Whoever claimed the job later has a path of its own there: a stale worker changes nothing.
  const at = (path: string | null) => {
    return { _id: medium._id, status: 'PROCESSING', derivativesPath: path };
  };
  const write = async (path: string | null, set: Record<string, unknown>) => {
    await update(ctx, entity, at(path), { set }, null);
  };
  const all = () => planned.map((p): Derivative => made.get(p.name) ?? pending(p));
  return {
    async begin({ facts, derivatives }) {
      planned = derivatives;
      if (!isFirst) return;
      const set = { ...factsOf(entity, facts), derivatives: all(), derivativesPath: target };
      await write(medium.derivativesPath ?? null, set);
    },
    async add({ path, ...file }) {
      made.set(file.name, { ...file, status: 'READY' });
      if (isFirst) await write(target, { derivatives: all() });
    },
    soFar: all,
    complete() {
      const missing = planned.filter((p) => p.mandatory && !made.has(p.name));
      if (missing.length > 0) throw new Error(`Not made: ${missing.map((p) => p.name)}`);
      return all().filter(({ status }) => status === 'READY');
    },
    async withdraw() {
      const unset = ['derivatives', 'derivativesPath'];
      await update(ctx, entity, at(target), { unset }, null);
      const shown = { _id: medium._id, derivativesPath: target };
      return !(await findOne(ctx, entity, shown, { projection: { _id: 1 } }));
    },
  };
}

function pending({ name, contentType }: PlannedDerivative): Derivative {
  return { name, contentType, status: 'PENDING' };
}

/** Whether an earlier claim of this job put its derivatives there. */
function isOf({ job }: Claim, path: string): boolean {
  return path.includes(`/${idText(job._id)}-`);
}

/** Facts as the entity stores them: a version has those of every kind in one object. */
export function factsOf(entity: Entity, facts: Facts): Record<string, unknown> {
  const known = present(facts);
  return 'facts' in entity.shape.fields ? { facts: known } : known;
}

/** Without nulls: what is not known is not stored. */
export function present(object: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(object).flatMap(([k, v]) => {
      if (v === null || v === undefined) return [];
      return [[k, typeof v === 'object' && !Array.isArray(v) ? present(v) : v]];
    }),
  );
}
