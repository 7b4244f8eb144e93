import { generateKeyPairSync } from 'node:crypto';

/** A signing key for one run. */
export function throwawayKey(kid = 'throwaway'): object {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...privateKey.export({ format: 'jwk' }), kid };
}
