/**
 * The secrets of a deployed function: the JSON object kept in Secrets Manager under `SECRETS_ID`
 * (MONGODB_URI, TOKEN_KEYS, APP_SECRET). Without `SECRETS_ID` they come from the environment itself.
 */
export async function readSecrets(
  env: Record<string, string | undefined>,
): Promise<Record<string, string>> {
  if (!env.SECRETS_ID) return {};
  const { SecretsManagerClient, GetSecretValueCommand } = await import(
    '@aws-sdk/client-secrets-manager'
  );
  const client = new SecretsManagerClient({ maxAttempts: 3 });
  const { SecretString } = await client.send(
    new GetSecretValueCommand({ SecretId: env.SECRETS_ID }),
  );
  if (!SecretString) throw new Error(`The secret ${env.SECRETS_ID} is empty.`);
  const secrets = JSON.parse(SecretString) as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(secrets).map(([k, v]) => [k, typeof v === 'string' ? v : JSON.stringify(v)]),
  );
}
