import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { hashText } from './hash.ts';

/**
 * Makes an ES256 key that signs access tokens, as a private JWK whose id is its thumbprint (RFC 7638).
 * @param usedFrom when it begins to sign
 */
export function makeTokenKey(usedFrom: string): { kid: string } {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { crv, kty, x, y, d } = privateKey.export({ format: 'jwk' });
  const kid = hashText(JSON.stringify({ crv, kty, x, y }));
  return { kid, kty, crv, x, y, d, alg: 'ES256', use: 'sig', usedFrom } as { kid: string };
}

/** Makes a secret that keys are derived from: 32 bytes, in base64. */
export function makeAppSecret(): string {
  return randomBytes(32).toString('base64');
}
