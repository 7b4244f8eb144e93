import { generateKeyPairSync } from 'node:crypto';

/** Makes a signing key for one run. */
export function makeThrowawayKey(kid = 'throwaway'): object {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...privateKey.export({ format: 'jwk' }), kid };
}
