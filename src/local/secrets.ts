import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What AWS stores in Secrets Manager; here a file that only its owner can read. */
export type Secrets = {
  TOKEN_KEYS: string;
  APP_SECRET: string;
  AWS_ACCESS_KEY_ID: string;
  AWS_SECRET_ACCESS_KEY: string;
};

/**
 * Reads `secrets.json` in a folder, or creates it. It never changes, because tokens and data depend
 * on it.
 */
export function loadSecrets(dir: string): Secrets {
  const file = join(dir, 'secrets.json');
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Secrets; // written below
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  const secrets: Secrets = {
    TOKEN_KEYS: JSON.stringify([newTokenKey()]),
    APP_SECRET: randomBytes(32).toString('base64'),
    AWS_ACCESS_KEY_ID: `AKIA${randomBytes(8).toString('hex').toUpperCase()}`,
    AWS_SECRET_ACCESS_KEY: randomBytes(30).toString('base64url'),
  };
  mkdirSync(dir, { recursive: true });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, file);
  return secrets;
}

/**
 * Creates an ES256 key that signs tokens, as a private JWK whose id is its thumbprint (RFC 7638).
 */
function newTokenKey(): object {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { crv, kty, x, y, d } = privateKey.export({ format: 'jwk' });
  const thumbprint = createHash('sha256').update(JSON.stringify({ crv, kty, x, y }));
  return { kid: thumbprint.digest('base64url'), kty, crv, x, y, d, alg: 'ES256', use: 'sig' };
}
