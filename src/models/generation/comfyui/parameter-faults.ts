import { FORBIDDEN_KEYS } from '../../../data/forbidden-keys.ts';
import { ID_FORM } from '../../../data/ids.ts';
import type { Fault } from '../../../errors.ts';
import {
  MOST_INPUTS,
  type ParameterType,
  takesMedium,
  type WorkflowParameter,
} from './workflow-parameter.ts';

/** Says why a parameter could never work, whatever value it is given. Every fault at once. */
export function findParameterFaults(parameter: WorkflowParameter, at: string): Fault[] {
  const { name, type, required } = parameter;
  const faults: Fault[] = [];
  if (FORBIDDEN_KEYS.has(name)) {
    faults.push({ path: `${at}.name`, message: 'is a name that no body can have' });
  }
  if (type === 'NONCE' && required) {
    faults.push({ path: `${at}.required`, message: 'is drawn each time: a NONCE cannot be given' });
  }
  return [
    ...faults,
    ...findBoundFaults(parameter, at),
    ...findEnumFaults(parameter, at),
    ...findDefaultFaults(parameter, at),
  ];
}

/** Names the parameters that take more media than a run is given. */
export function findSurplusMedia(parameters: WorkflowParameter[]): Fault[] {
  const media = parameters.flatMap(({ type }, i) => (takesMedium(type) ? [i] : []));
  return media.slice(MOST_INPUTS).map((i) => ({
    path: `parameters.${i}.type`,
    message: `is one too many: a run is given ${MOST_INPUTS} media at most`,
  }));
}

/** Whether the value of a parameter of this type is a number that is drawn. */
export function isDrawn(type: ParameterType): boolean {
  return type === 'SEED' || type === 'NONCE';
}

const BOUNDED: ParameterType[] = ['INTEGER', 'NUMBER', 'SEED', 'NONCE'];

function findBoundFaults({ type, min, max }: WorkflowParameter, at: string): Fault[] {
  const given = Object.entries({ min, max }).filter(([, bound]) => bound != null);
  const refuse = (message: string, bounds = given): Fault[] =>
    bounds.map(([bound]) => ({ path: `${at}.${bound}`, message }));
  if (!BOUNDED.includes(type)) return refuse(`is for ${BOUNDED.join(', ')} alone`);
  const isExact = (bound: unknown) => Number.isSafeInteger(bound) && (bound as number) >= 0;
  const inexact = isDrawn(type) ? given.filter(([, bound]) => !isExact(bound)) : [];
  if (inexact.length > 0) {
    return refuse(`must be a whole number from 0 to ${MOST_WHOLE}`, inexact);
  }
  if (min != null && max != null && min > max) {
    return [{ path: `${at}.min`, message: 'is above max' }];
  }
  if (type !== 'INTEGER') return [];
  const least = Math.ceil(Math.max(min ?? -MOST_WHOLE, -MOST_WHOLE));
  const most = Math.floor(Math.min(max ?? MOST_WHOLE, MOST_WHOLE));
  return least > most ? refuse('leaves no whole number', given.slice(0, 1)) : [];
}

/** The largest whole number that JSON tells exactly. */
const MOST_WHOLE = Number.MAX_SAFE_INTEGER;

const CHOSEN: ParameterType[] = ['STRING', 'INTEGER', 'NUMBER'];

function findEnumFaults(parameter: WorkflowParameter, at: string): Fault[] {
  const { type, enum: allowed } = parameter;
  if (!allowed) return [];
  if (!CHOSEN.includes(type)) {
    return [{ path: `${at}.enum`, message: `is for ${CHOSEN.join(', ')} alone` }];
  }
  if (allowed.length === 0) return [{ path: `${at}.enum`, message: 'must have a value' }];
  return allowed.flatMap((text, i): Fault[] => {
    const value = type === 'STRING' ? text : Number(text);
    const message =
      String(value) === text
        ? findValueFault({ ...parameter, enum: null }, value)
        : 'must be a number as JSON has it: `1`, `0.5`';
    return message ? [{ path: `${at}.enum.${i}`, message }] : [];
  });
}

function findDefaultFaults(parameter: WorkflowParameter, at: string): Fault[] {
  if (parameter.default == null) return [];
  const message =
    parameter.type === 'NONCE'
      ? 'is drawn each time: a NONCE takes none'
      : findValueFault(parameter, parameter.default);
  return message ? [{ path: `${at}.default`, message }] : [];
}

/** Says which rule a value of a parameter breaks; undefined when none. */
export function findValueFault(parameter: WorkflowParameter, value: unknown): string | undefined {
  const { type, min, max, enum: allowed } = parameter;
  switch (type) {
    case 'STRING':
      if (typeof value !== 'string') return 'must be a text';
      if (value.includes('\0') || !value.isWellFormed()) return 'must be a well-formed text';
      break;
    case 'BOOLEAN':
      return typeof value === 'boolean' ? undefined : 'must be true or false';
    case 'NUMBER':
      if (!Number.isFinite(value)) return 'must be a number';
      break;
    case 'INTEGER':
    case 'SEED':
      if (!Number.isSafeInteger(value)) return 'must be a whole number';
      if (type === 'SEED' && (value as number) < 0) return 'must not be negative';
      break;
    case 'NONCE':
      return 'is drawn each time, and cannot be set';
    default:
      return typeof value === 'string' && ID_FORM.test(value)
        ? undefined
        : `must be the id of a medium (${type})`;
  }
  if (allowed && !allowed.includes(String(value))) return `must be one of: ${allowed.join(', ')}`;
  if (typeof value !== 'number') return undefined;
  if (min != null && value < min) return `must be at least ${min}`;
  if (max != null && value > max) return `must be at most ${max}`;
  return undefined;
}
