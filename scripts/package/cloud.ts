import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Starts a fake AWS that answers every request as CloudFormation does for a stack that does not
 * exist. To package a layer, osls asks whether the last deployment had the same one; with this it
 * needs no account.
 */
export async function startEmptyCloud(): Promise<{ env: Record<string, string>; close(): void }> {
  const server = createServer((_, response) => {
    response.writeHead(400, { 'content-type': 'text/xml' }).end(`<ErrorResponse><Error>
      <Type>Sender</Type><Code>ValidationError</Code><Message>Stack does not exist</Message>
    </Error><RequestId>offline</RequestId></ErrorResponse>`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    env: {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
      AWS_ACCESS_KEY_ID: 'offline',
      AWS_SECRET_ACCESS_KEY: 'offline',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    },
    close: () => server.close(),
  };
}
