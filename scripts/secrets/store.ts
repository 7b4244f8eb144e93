import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { locateSecrets, writeSecrets } from '../../src/local/secrets.ts';
import { readSettings } from '../../src/local/settings.ts';

/** Where the secrets are: what is read and written is JSON. */
export interface Store {
  /** For messages. */
  name: string;
  /**
   * Whether the data keys of encrypted fields are wrapped under APP_SECRET here, and not by KMS: then
   * none of its secrets may ever go.
   */
  wrapsDataKeys: boolean;
  create(secrets: object): Promise<void>;
  read(): Promise<string>;
  write(secrets: object): Promise<void>;
}

/** The secret `SECRETS_ID` in Secrets Manager, or else the file of the backend on this machine. */
export function findStore(env: NodeJS.ProcessEnv): Store {
  return env.SECRETS_ID ? openSecretsManager(env.SECRETS_ID, env) : openFile(env);
}

function openSecretsManager(name: string, env: NodeJS.ProcessEnv): Store {
  // The default of serverless.yml.
  const client = new SecretsManagerClient({ region: env.AWS_REGION || 'us-east-1' });
  const format = (secrets: object) => JSON.stringify(secrets);
  return {
    name: `the secret ${name}`,
    wrapsDataKeys: false,
    async create(secrets) {
      await client.send(new CreateSecretCommand({ Name: name, SecretString: format(secrets) }));
    },
    async read() {
      const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: name }));
      return SecretString ?? '';
    },
    async write(secrets) {
      // The former value stays in Secrets Manager as AWSPREVIOUS.
      const value = { SecretId: name, SecretString: format(secrets) };
      await client.send(new PutSecretValueCommand(value));
    },
  };
}

function openFile(env: NodeJS.ProcessEnv): Store {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const file = locateSecrets(readSettings(root, { ...env, PORT: '0' }, []).dir);
  const howTo = 'set SECRETS_ID to the name of a secret in AWS, such as mixdown/prod';
  return {
    name: file,
    wrapsDataKeys: true,
    async create() {
      throw new Error(`On this machine npm start makes the secrets itself; ${howTo}.`);
    },
    async read() {
      if (!existsSync(file))
        throw new Error(`There is no ${file}: run npm start once, or ${howTo}.`);
      return readFileSync(file, 'utf8');
    },
    async write(secrets) {
      writeSecrets(file, secrets);
    },
  };
}
