import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeAppSecret, makeTokenKey } from '../crypto/new-keys.ts';
import { parseSecretTexts } from '../providers/secrets.ts';

/** What AWS stores in Secrets Manager; here a file that only its owner can read. */
export type Secrets = {
  TOKEN_KEYS: string;
  APP_SECRET: string;
  AWS_ACCESS_KEY_ID: string;
  AWS_SECRET_ACCESS_KEY: string;
};

/** The file of the secrets in a folder of data. */
export function locateSecrets(dir: string): string {
  return join(dir, 'secrets.json');
}

/**
 * Reads `secrets.json` in a folder, or creates it. Only `npm run secrets` changes it, because tokens and
 * data depend on it.
 */
export function loadSecrets(dir: string): Secrets {
  const file = locateSecrets(dir);
  try {
    return parseSecretTexts(readFileSync(file, 'utf8'), file) as Secrets; // written below
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  const secrets: Secrets = {
    TOKEN_KEYS: JSON.stringify([makeTokenKey(new Date().toISOString())]),
    APP_SECRET: makeAppSecret(),
    AWS_ACCESS_KEY_ID: `AKIA${randomBytes(8).toString('hex').toUpperCase()}`,
    AWS_SECRET_ACCESS_KEY: randomBytes(30).toString('base64url'),
  };
  writeSecrets(file, secrets);
  return secrets;
}

/** Writes the file whole, or not at all; only its owner can read it. */
export function writeSecrets(file: string, secrets: object): void {
  mkdirSync(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, file);
}
