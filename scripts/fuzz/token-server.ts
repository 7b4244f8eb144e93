import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describeProblem } from '../demo/problem.ts';
import type { Account } from './account.ts';

/** A server that gives schemathesis valid tokens. */
export interface TokenServer {
  url: string;
  stop(): void;
}

/**
 * Serves the tokens of an account on a free port of this machine; `scripts/fuzz/hooks.py` requests
 * them.
 */
export async function serveTokens(account: Account): Promise<TokenServer> {
  // One request after the other: restoring the account twice at once would end the other's session.
  let last = Promise.resolve('');
  const server = createServer((_request, response) => {
    last = last.then(account.token, account.token);
    last.then(
      (token) => response.end(token),
      (error) => {
        console.error(`There is no token: ${describeProblem(error)}`);
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
