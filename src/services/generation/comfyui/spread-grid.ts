import type { Fault } from '../../../errors.ts';
import { findValueFault } from '../../../models/generation/comfyui/parameter-faults.ts';
import type { WorkflowParameter } from '../../../models/generation/comfyui/workflow-parameter.ts';
import type { Values } from './parameters.ts';

/** The most executions of one batch. */
export const MOST_OF_BATCH = 64;

/** Values to be tried of some parameters: each with each. */
export type Grid = Record<string, unknown[]>;

/** What is wrong with a grid beside the parameters that all executions share. Every fault at once. */
export function findGridFaults(
  parameters: WorkflowParameter[],
  { shared, grid, count }: { shared: Values; grid: Grid; count: number },
): Fault[] {
  const known = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  const faults = Object.entries(grid).flatMap(([name, values]): Fault[] => {
    const path = `grid.${name}`;
    const parameter = known.get(name);
    if (!parameter) {
      const names = [...known.keys()].join(', ') || 'none';
      return [{ path, message: `is no parameter of this workflow; it has: ${names}` }];
    }
    if (Object.hasOwn(shared, name)) return [{ path, message: 'is among the parameters, too' }];
    return values.flatMap((value, i): Fault[] => {
      const message = findValueFault(parameter, value);
      return message ? [{ path: `${path}.${i}`, message }] : [];
    });
  });
  const size = Object.values(grid).reduce((product, values) => product * values.length, count);
  if (size <= MOST_OF_BATCH) return faults;
  const path = Object.keys(grid).length > 0 ? 'grid' : 'count';
  const message = `would be ${size} executions; a batch has ${MOST_OF_BATCH} at most`;
  return [...faults, { path, message }];
}

/** Each combination of the values of a grid; of an empty one a single combination of nothing. */
export function spreadGrid(grid: Grid): Values[] {
  return Object.entries(grid).reduce<Values[]>(
    (combinations, [name, values]) =>
      combinations.flatMap((one) => values.map((value) => ({ ...one, [name]: value }))),
    [{}],
  );
}
