import { readFile } from 'node:fs/promises';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

const REQUIRED = ['MONGODB_URI', 'TOKEN_KEYS', 'APP_SECRET'];
/** Those that something works without. */
const OPTIONAL = ['EDGE_SECRET'];

/**
 * Reads the secrets: a JSON object in Secrets Manager, under the name `SECRETS_ID`, or on one machine
 * in the file `SECRETS_FILE`. Without either they come from the environment itself.
 * @throws Error when they cannot be read; it shows nothing of them
 */
export async function readSecrets(
  env: Record<string, string | undefined>,
): Promise<Record<string, string>> {
  const { SECRETS_ID, SECRETS_FILE } = env;
  if (SECRETS_ID) return readObject(await fetchSecret(SECRETS_ID), SECRETS_ID);
  if (SECRETS_FILE) return readObject(await readFile(SECRETS_FILE, 'utf8'), SECRETS_FILE);
  return {};
}

/** Parses a JSON object of secrets. @throws Error that shows nothing of them */
export function parseSecrets(text: string, name: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text.
    throw new Error(`The secrets in ${name} are not JSON.`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new Error(`The secrets in ${name} must be a JSON object with ${REQUIRED.join(', ')}.`);
}

/** The same as texts, as variables hold them: lists are JSON. @throws Error that shows nothing of them */
export function parseSecretTexts(text: string, name: string): Record<string, string> {
  const given = Object.entries(parseSecrets(text, name));
  return Object.fromEntries(
    given.map(([k, v]) => [k, typeof v === 'string' ? v : JSON.stringify(v)]),
  );
}

function readObject(text: string, name: string): Record<string, string> {
  const given = Object.entries(parseSecretTexts(text, name));
  return Object.fromEntries(given.filter(([key]) => [...REQUIRED, ...OPTIONAL].includes(key)));
}

let client: SecretsManagerClient | undefined;

async function fetchSecret(id: string): Promise<string> {
  const sdk = await import('@aws-sdk/client-secrets-manager');
  client ??= new sdk.SecretsManagerClient({
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 1000, requestTimeout: 2000, throwOnRequestTimeout: true },
  });
  const { SecretString } = await client.send(new sdk.GetSecretValueCommand({ SecretId: id }));
  if (!SecretString) throw new Error(`The secret ${id} is empty.`);
  return SecretString;
}
