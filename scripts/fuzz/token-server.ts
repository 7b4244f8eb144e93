import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sentenceOf } from '../demo/problem.ts';
import type { Account } from './account.ts';

/** Hands schemathesis tokens that stand. */
export interface TokenServer {
  url: string;
  stop(): void;
}

/** Serves an account's tokens on a free port of this machine: `scripts/fuzz/hooks.py` asks for them. */
export async function serveTokens(account: Account): Promise<TokenServer> {
  // One after the other: two that are put right at once would sign each other out.
  let last = Promise.resolve('');
  const server = createServer((_request, response) => {
    last = last.then(account.token, account.token);
    last.then(
      (token) => response.end(token),
      (error) => {
        console.error(`No token could be had: ${sentenceOf(error)}`);
        response.writeHead(500).end();
      },
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo; // it listens on TCP
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
