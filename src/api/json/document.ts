import { encode } from '../../data/bson.ts';
import { isCiphertext } from '../../data/encrypted-fields.ts';
import type { Base, Entity } from '../../data/entity.ts';
import { getPlan, type How, type Plan } from './plan.ts';
import { CLOSE, OPEN, put, writeText } from './text.ts';
import { putMembers } from './transcode.ts';

export type Json = Record<string, unknown>;

/**
 * Returns the JSON of a document that was just written, as clients see it, with `more` members
 * after its own. It is serialised to BSON and written from there, as what is read: one writer
 * decides how values look. Encrypted fields must be decrypted.
 */
export function stringifyDocument(entity: Entity, document: Base, more: Json = {}): string {
  // The id comes first, as in what is read.
  const shown = pickShown(getPlan(entity), document, { _id: document._id });
  const bytes = encode(shown);
  const text = writeText(() => {
    put(OPEN);
    putMembers(entity, bytes, 0);
    put(CLOSE);
  });
  return appendMembers(text, more);
}

/** Adds members to the JSON text of an object that is not empty. */
export function appendMembers(text: string, more: Json): string {
  const members = JSON.stringify(more);
  return members === '{}' ? text : `${text.slice(0, -1)},${members.slice(1)}`;
}

/** Picks the fields of an object that clients may see, in the order of its schema. */
function pickShown(plan: Plan, object: Json, shown: Json = {}): Json {
  for (const { stored, hidden, decrypted, how } of plan.fields) {
    const value = object[stored];
    if (hidden || value === undefined || value === null) continue;
    // Ciphertext stays as it is: `putMembers` throws when it meets it.
    shown[stored] = how && !(decrypted && isCiphertext(value)) ? pickInside(how, value) : value;
  }
  return shown;
}

function pickInside(how: How, value: unknown): unknown {
  if (how?.kind === 'object') return pickShown(how.plan, value as Json);
  if (how?.kind === 'array') return (value as unknown[]).map((item) => pickInside(how.items, item));
  return value;
}
