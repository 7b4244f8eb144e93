import { encode } from '../../data/bson.ts';
import { isCiphertext } from '../../data/encrypted-fields.ts';
import type { Base, Entity } from '../../data/entity.ts';
import { getPlan, type How, type Plan } from './plan.ts';
import { CLOSE, OPEN, put, writeText } from './text.ts';
import { putMembers } from './transcode.ts';

export type Json = Record<string, unknown>;

/**
 * The text of a document that was just written, as clients see it, with `more` members behind its own. It
 * goes the way of what is read, from BSON to JSON, so that there is one way only. Encrypted fields must be decrypted.
 */
export function stringifyDocument(entity: Entity, document: Base, more: Json = {}): string {
  // The id comes first, as every reader expects.
  const shown = pickShown(getPlan(entity), document, { _id: document._id });
  const bytes = encode(shown);
  const text = writeText(() => {
    put(OPEN);
    putMembers(entity, bytes, 0);
    put(CLOSE);
  });
  return appendMembers(text, more);
}

/** Adds members to the text of an object that has some already. */
export function appendMembers(text: string, more: Json): string {
  const members = JSON.stringify(more);
  return members === '{}' ? text : `${text.slice(0, -1)},${members.slice(1)}`;
}

/** What is shown of an object, in the order of its schema. */
function pickShown(plan: Plan, object: Json, shown: Json = {}): Json {
  for (const { stored, hidden, decrypted, how } of plan.fields) {
    const value = object[stored];
    if (hidden || value === undefined || value === null) continue;
    // What nobody has decrypted stays as it is: it is refused where it would be written.
    shown[stored] = how && !(decrypted && isCiphertext(value)) ? pickInside(how, value) : value;
  }
  return shown;
}

function pickInside(how: How, value: unknown): unknown {
  if (how?.kind === 'object') return pickShown(how.plan, value as Json);
  if (how?.kind === 'array') return (value as unknown[]).map((item) => pickInside(how.items, item));
  return value;
}
