import { randomInt } from 'node:crypto';
import type { Ctx } from '../../../context.ts';
import { type Base, type Entity, entityNamed } from '../../../data/entity.ts';
import { idText, UUID } from '../../../data/ids.ts';
import { findOne, WHOLE } from '../../../data/read.ts';
import { type Fault, invalid } from '../../../errors.ts';
import { findValueFault } from '../../../models/generation/comfyui/workflow-graph.ts';
import type { WorkflowParameter } from '../../../models/generation/comfyui/workflow-parameter.ts';
import type { Medium } from '../../media/medium.ts';

export type Values = Record<string, unknown>;

/** What an execution runs with: the values that were given or are the default, and the seeds. */
export interface Chosen {
  values: Values;
  seeds: Record<string, number>;
  /** The ids of the media among the values. */
  inputs: string[];
}

/** The kinds of media that a parameter takes, the likeliest first. */
const SOURCES: Partial<Record<WorkflowParameter['type'], string[]>> = {
  IMAGE: ['Image'],
  AUDIO: ['Audio', 'Track'],
  VIDEO: ['Video'],
};

/** Whether the value of a parameter of this type is the id of a medium. */
export const takesMedium = (type: WorkflowParameter['type']): boolean => type in SOURCES;

/**
 * Checks the values that a client gives for the parameters of a workflow, and draws the seeds that are not among
 * them. @throws AppError VALIDATION_FAILED naming every fault
 */
export async function chooseValues(
  ctx: Ctx,
  parameters: WorkflowParameter[],
  given: Values,
  user: UUID,
): Promise<Chosen> {
  const faults: Fault[] = [];
  const known = new Map(parameters.map((p) => [p.name, p]));
  for (const [name, value] of Object.entries(given)) {
    const parameter = known.get(name);
    const message = parameter
      ? findValueFault(parameter, value)
      : `is no parameter of this workflow; it has: ${[...known.keys()].join(', ') || 'none'}`;
    if (message) faults.push({ path: `parameters.${name}`, message });
  }
  const chosen: Chosen = { values: {}, seeds: {}, inputs: [] };
  for (const parameter of parameters) {
    const { name, type, required } = parameter;
    const value = given[name] ?? parameter.default ?? undefined;
    if (type === 'SEED') chosen.seeds[name] = (value as number | undefined) ?? drawSeed(parameter);
    else if (value !== undefined) chosen.values[name] = value;
    else if (required) faults.push({ path: `parameters.${name}`, message: 'is required' });
    if (!takesMedium(type) || value === undefined || findValueFault(parameter, value)) continue;
    const found = await findInput(ctx, parameter, value as string, user);
    if (typeof found === 'string') faults.push({ path: `parameters.${name}`, message: found });
    else chosen.inputs.push(idText(found.medium._id));
  }
  if (faults.length > 0) throw invalid(faults);
  return chosen;
}

/** The medium that a parameter names, or what is wrong with it. */
export async function findInput(
  ctx: Ctx,
  { type }: Pick<WorkflowParameter, 'type'>,
  id: string,
  user: UUID,
): Promise<{ entity: Entity; medium: Medium } | string> {
  for (const name of SOURCES[type] ?? []) {
    const entity = entityNamed(name);
    const found = await findOne<Base>(ctx, entity, { _id: new UUID(id), user }, WHOLE);
    if (!found) continue;
    const medium = found as Medium;
    return medium.status === 'READY' ? { entity, medium } : `is ${medium.status}, not READY`;
  }
  return 'there is no such medium';
}

/** As large as a random integer of Node can be; ComfyUI takes 64 bits, JSON numbers do not. */
export const MOST_SEED = 2 ** 48 - 2;

function drawSeed({ min, max }: WorkflowParameter): number {
  const least = Math.max(Math.ceil(min ?? 0), 0);
  const most = Math.max(least, Math.min(Math.floor(max ?? MOST_SEED), least + MOST_SEED));
  return randomInt(least, most + 1);
}
