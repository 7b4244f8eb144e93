import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A Secrets Manager on this machine: its secrets, what it has been asked, and how it may fail. */
export interface SecretsManager {
  secrets: Map<string, string>;
  /** The operations, such as `GetSecretValue`. */
  calls: string[];
  /** The error that it answers, or `silence` if it answers nothing. */
  fails?: { status: number; name: string } | 'silence' | undefined;
  /** The variables that point the SDK at it. */
  env: Record<string, string>;
  stop(): void;
}

export async function startSecretsManager(): Promise<SecretsManager> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const asked = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, string>;
    const operation = String(request.headers['x-amz-target']).replace('secretsmanager.', '');
    manager.calls.push(operation);
    if (manager.fails === 'silence') return;
    const { status, body } = manager.fails
      ? { status: manager.fails.status, body: { __type: manager.fails.name, message: 'refused' } }
      : answer(manager.secrets, operation, asked);
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const manager: SecretsManager = {
    secrets: new Map(),
    calls: [],
    env: { AWS_ENDPOINT_URL_SECRETS_MANAGER: url },
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return manager;
}

function answer(
  secrets: Map<string, string>,
  operation: string,
  { Name = '', SecretId = '', SecretString = '' }: Record<string, string>,
) {
  const refuse = (name: string) => ({ status: 400, body: { __type: name, message: name } });
  if (operation === 'CreateSecret') {
    if (secrets.has(Name)) return refuse('ResourceExistsException');
    secrets.set(Name, SecretString);
    return { status: 200, body: { Name } };
  }
  if (!secrets.has(SecretId)) return refuse('ResourceNotFoundException');
  if (operation === 'PutSecretValue') secrets.set(SecretId, SecretString);
  return { status: 200, body: { Name: SecretId, SecretString: secrets.get(SecretId) } };
}
