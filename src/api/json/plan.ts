import { type Bytes, encodeName, isName } from '../../data/bson.ts';
import type { Entity } from '../../data/entity.ts';
import type { ObjectShape, Shape } from '../../data/shape.ts';

/** How the fields of an object are written as JSON. */
export interface Plan {
  fields: Planned[];
  /**
   * Which field followed which in the last document (the first follows -1): a guess for the next
   * one.
   */
  behind: Int16Array;
}

interface Planned {
  /** The name that it is stored by, and its bytes. */
  stored: string;
  bytes: Bytes;
  /** The name that clients know. */
  name: string;
  /** `"name":` */
  label: Bytes;
  hidden: boolean;
  /** Holds what was stored as ciphertext. */
  decrypted: boolean;
  how: How;
}

/** How a value is written, where its BSON type does not determine that. */
export type How =
  | { kind: 'object'; plan: Plan }
  | { kind: 'array'; items: How }
  | { kind: 'last4' }
  | undefined;

/** The plan of an entity's documents, made once. */
export function getPlan(entity: Entity): Plan {
  let plan = plans.get(entity.name);
  if (!plan) {
    plan = makePlan(entity.shape);
    plans.set(entity.name, plan);
  }
  return plan;
}

/**
 * Finds the field whose name stands here, given the one before it; -1 when it is none of the
 * plan's.
 */
export function findField(
  { fields, behind }: Plan,
  last: number,
  bytes: Bytes,
  at: number,
): number {
  const likely = behind[last + 1] as number;
  const field = fields[likely];
  if (field && isName(bytes, at, field.bytes)) return likely;
  for (let i = 0; i < fields.length; i++) {
    if (isName(bytes, at, (fields[i] as Planned).bytes)) {
      behind[last + 1] = i;
      return i;
    }
  }
  return -1;
}

const plans = new Map<string, Plan>();

function makePlan(shape: ObjectShape): Plan {
  const fields = Object.entries(shape.fields).map(([stored, field]) => {
    const name = field.publicName;
    return {
      stored,
      bytes: encodeName(stored),
      name,
      label: Buffer.from(`${JSON.stringify(name)}:`),
      hidden: field.hidden,
      decrypted: field.shape.kind === 'encrypted' && !field.shape.shows,
      how: chooseHow(field.shape),
    };
  });
  return { fields, behind: new Int16Array(fields.length + 1) };
}

function chooseHow(shape: Shape): How {
  switch (shape.kind) {
    case 'object':
      return { kind: 'object', plan: makePlan(shape) };
    case 'array': {
      const items = chooseHow(shape.items);
      return items && { kind: 'array', items };
    }
    case 'encrypted':
      return shape.shows ? { kind: 'last4' } : chooseHow(shape.inner);
    default:
      return undefined;
  }
}
