import { randomBytes } from 'node:crypto';
import { deriveAppKeys } from '../../crypto/app-key.ts';
import { readSignedBytes, signBytes } from '../../crypto/signed-bytes.ts';
import { UUID } from '../../data/ids.ts';

const keys = deriveAppKeys('refresh-token');

const ID = 16;
const RANDOM = 32;

/**
 * A new refresh token of a session. It is signed, so that one we never gave out ends nobody's
 * session; and it holds the session's id, so that one that was spent still tells whose it was.
 */
export function createRefreshToken(session: UUID): string {
  return signBytes(keys, Buffer.concat([session.buffer, randomBytes(RANDOM)]));
}

/** The session of a refresh token; undefined when it is not one of ours. */
export function readRefreshToken(token: string): UUID | undefined {
  const content = readSignedBytes(keys, token, ID + RANDOM);
  return content && new UUID(content.subarray(0, ID));
}
