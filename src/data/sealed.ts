import mongoose, { type mongo } from 'mongoose';

/** What is stored of a sealed field: its ciphertext, and what of it is shown. */
export interface Sealed {
  bytes: Uint8Array | mongo.Binary;
  last4?: string;
}

/** Whether a field still holds its ciphertext. */
export function isSealed(value: unknown): value is Sealed {
  if (typeof value !== 'object' || value === null || !('bytes' in value)) return false;
  const { bytes } = value;
  return bytes instanceof Uint8Array || bytes instanceof mongoose.mongo.Binary;
}
