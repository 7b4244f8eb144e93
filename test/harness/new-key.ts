import { randomUUID } from 'node:crypto';

/** The header of a request that is like no other, though the same is asked for. */
export function newKey(): { 'idempotency-key': string } {
  return { 'idempotency-key': randomUUID() };
}
