import { randomInt } from 'node:crypto';
import type { Ctx } from '../../../context.ts';
import { type Base, type Entity, entityNamed } from '../../../data/entity.ts';
import { idText, UUID } from '../../../data/ids.ts';
import { findOne, WHOLE } from '../../../data/read.ts';
import type { Fault } from '../../../errors.ts';
import { findValueFault } from '../../../models/generation/comfyui/parameter-faults.ts';
import {
  takesMedium,
  type WorkflowParameter,
} from '../../../models/generation/comfyui/workflow-parameter.ts';
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

/** The value that is given for a parameter: a name may be that of what each object has. */
export function readValue(values: Values, name: string): unknown {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

/**
 * Checks the values that a client gives for the parameters of a workflow, and draws the seeds that are not among
 * them. Of what is faulty nothing is chosen.
 */
export async function chooseValues(
  ctx: Ctx,
  parameters: WorkflowParameter[],
  given: Values,
  user: UUID,
): Promise<{ chosen: Chosen; faults: Fault[] }> {
  const faults: Fault[] = [];
  const known = new Map(parameters.map((p) => [p.name, p]));
  for (const [name, value] of Object.entries(given)) {
    const parameter = known.get(name);
    const message = parameter
      ? findValueFault(parameter, value)
      : `is no parameter of this workflow; it has: ${[...known.keys()].join(', ') || 'none'}`;
    if (message) faults.push({ path: `parameters.${name}`, message });
  }
  const chosen: Omit<Chosen, 'inputs'> = { values: {}, seeds: {} };
  const inputs = new Set<string>();
  for (const parameter of parameters) {
    const { name, type, required } = parameter;
    const value = readValue(given, name) ?? parameter.default ?? undefined;
    if (value === undefined) {
      if (type === 'SEED') chosen.seeds[name] = drawSeed(parameter);
      else if (required) faults.push({ path: `parameters.${name}`, message: 'is required' });
      continue;
    }
    if (findValueFault(parameter, value)) continue;
    if (type === 'SEED') chosen.seeds[name] = value as number;
    else chosen.values[name] = value;
    if (!takesMedium(type)) continue;
    const found = await findInput(ctx, parameter, value as string, user);
    if (typeof found === 'string') faults.push({ path: `parameters.${name}`, message: found });
    else inputs.add(idText(found.medium._id));
  }
  return { chosen: { ...chosen, inputs: [...inputs] }, faults };
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

/** As far as random integers of Node reach; ComfyUI takes 64 bits, JSON numbers do not. */
const WIDEST = 2 ** 48 - 2;

/** The lowest and the highest number that is drawn for a parameter. */
export function findRange({ min, max }: Pick<WorkflowParameter, 'min' | 'max'>): [number, number] {
  const least = min ?? 0;
  return [least, Math.min(max ?? Number.MAX_SAFE_INTEGER, least + WIDEST)];
}

function drawSeed(parameter: WorkflowParameter): number {
  const [least, most] = findRange(parameter);
  return least + randomInt(most - least + 1);
}
