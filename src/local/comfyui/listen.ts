import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type WebSocket, WebSocketServer } from 'ws';
import { connectClient } from './connect.ts';
import type { Host } from './host.ts';
import { respond } from './respond.ts';

/** Serves a stand-in on a port of this machine. */
export async function listen(
  host: Host,
  port: number,
): Promise<{ url: string; stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    void serve(host, request, response).catch(() => response.destroy());
  });
  const websockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (host.settings.clock.now() < host.awayUntil) return socket.destroy();
    const isKnown = ['/ws', '/api/ws'].includes(url.pathname);
    if (!isKnown || host.faults.take('connect').length > 0) {
      return socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    }
    websockets.handleUpgrade(request, socket, head, (websocket) => {
      attach(host, url.searchParams.get('clientId') ?? '', websocket);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1' }, resolve);
  });
  host.onRestart(() => server.closeAllConnections());
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, // it listens on TCP
    stop: async () => {
      for (const websocket of websockets.clients) websocket.terminate();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function attach(host: Host, clientId: string, websocket: WebSocket): void {
  let isSilent = false;
  const connection = connectClient(host, clientId, {
    send: (frame) => {
      if (!isSilent) websocket.send(frame);
    },
    close: () => websocket.terminate(),
    fallSilent: () => {
      isSilent = true;
      websocket.pause(); // pings are not even read
    },
  });
  websocket.on('message', (data, isBinary) => {
    if (!isBinary) connection.receive(String(data));
  });
  websocket.on('error', () => websocket.terminate());
  websocket.on('close', () => connection.end());
}

async function serve(
  host: Host,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const { method = 'GET', headers, url = '/' } = incoming;
  const body = await readBody(incoming, host.settings.maxUpload);
  const pairs = Object.entries(headers).flatMap(([name, value]) =>
    [value ?? []].flat().map((one) => [name, one] as [string, string]),
  );
  const request = new Request(new URL(url, `http://${headers.host ?? 'localhost'}`), {
    method,
    headers: pairs,
    ...(body.length > 0 && { body }),
  });
  const answered = await respond(host, request);
  if (!answered) {
    outgoing.destroy();
    return;
  }
  outgoing.writeHead(answered.status, Object.fromEntries(answered.headers));
  if (!answered.body) {
    outgoing.end();
    return;
  }
  // A body that breaks off takes the connection with it.
  await pipeline(Readable.fromWeb(answered.body as never), outgoing);
}

// All of it is read, so that the client has sent it before it is refused; only so much is kept.
async function readBody(
  incoming: IncomingMessage,
  limit: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming) {
    length += chunk.length;
    if (length <= limit) chunks.push(chunk);
  }
  // Longer than what was announced is as wrong as what was announced to be too long.
  if (length > limit) incoming.headers['content-length'] = String(length);
  return new Uint8Array(Buffer.concat(chunks));
}
