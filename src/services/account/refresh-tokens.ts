import { randomBytes } from 'node:crypto';
import { deriveAppKey } from '../../crypto/app-key.ts';
import { isSameSignature, signHmac } from '../../crypto/hmac.ts';
import { UUID } from '../../data/ids.ts';

const key = deriveAppKey('refresh-token');

// The bytes: id of the session, random, signature.
const ID_END = 16;
const CONTENT_END = 48;
const LENGTH = 64;

/**
 * A new refresh token of a session. It is signed, so that one we never gave out ends nobody's
 * session; and it holds the session's id, so that one that was spent still tells whose it was.
 */
export function createRefreshToken(session: UUID): string {
  const content = Buffer.concat([session.buffer, randomBytes(CONTENT_END - ID_END)]);
  return Buffer.concat([content, sign(content)]).toString('base64url');
}

/** The session of a refresh token; undefined when it is not one of ours. */
export function readRefreshToken(token: string): UUID | undefined {
  const bytes = Buffer.from(token, 'base64url');
  if (bytes.length !== LENGTH) return undefined;
  const [content, signature] = [bytes.subarray(0, CONTENT_END), bytes.subarray(CONTENT_END)];
  if (!isSameSignature(signature, sign(content))) return undefined;
  return new UUID(content.subarray(0, ID_END));
}

function sign(content: Buffer): Buffer {
  return signHmac(key, content).subarray(0, LENGTH - CONTENT_END);
}
