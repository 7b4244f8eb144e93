import { type Bytes, encodeName, isName } from '../../data/bson.ts';
import type { Entity } from '../../data/entity.ts';
import type { ObjectShape, Shape } from '../../data/shape.ts';

/** How the fields of an object are written. */
export interface Plan {
  fields: Planned[];
  /** Which field came behind which in the last document, the first behind -1: likely so in the next. */
  behind: Int16Array;
}

interface Planned {
  /** The name that it is stored by, and its bytes. */
  stored: string;
  bytes: Bytes;
  /** As answered. */
  name: string;
  /** `"name":` */
  label: Bytes;
  hidden: boolean;
  /** Holds what was stored as ciphertext. */
  decrypted: boolean;
  how: How;
}

/** How a value is written, where its type in BSON does not tell. */
export type How =
  | { kind: 'object'; plan: Plan }
  | { kind: 'array'; items: How }
  | { kind: 'last4' }
  | undefined;

/** The plan of an entity's documents. */
export function getPlan(entity: Entity): Plan {
  let plan = plans.get(entity.name);
  if (!plan) {
    plan = makePlan(entity.shape);
    plans.set(entity.name, plan);
  }
  return plan;
}

/** Which field has its name here, behind another; -1 for none. */
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
