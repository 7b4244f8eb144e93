import mongoose from 'mongoose';
import { readDataKeyId } from '../crypto/data-key.ts';
import { idText, UUID } from './ids.ts';

/**
 * Finds the ids of all data keys that something in a stored value is encrypted under, wherever in it: fields,
 * outboxes, copies of documents in others. What only looks like ciphertext is taken for some.
 */
export function listKeyIds(value: unknown, found = new Map<string, UUID>()): Map<string, UUID> {
  if (typeof value !== 'object' || value === null || value instanceof Date) return found;
  if (value instanceof mongoose.mongo.Binary || value instanceof Uint8Array) {
    const bytes = Buffer.from(value instanceof Uint8Array ? value : value.buffer);
    const id = readDataKeyId(bytes);
    if (id) addId(found, new UUID(Buffer.from(id)));
    return found;
  }
  for (const member of Object.values(value)) listKeyIds(member, found);
  return found;
}

function addId(found: Map<string, UUID>, id: UUID): void {
  found.set(idText(id), id);
}
