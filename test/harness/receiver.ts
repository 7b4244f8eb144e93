import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A webhook as it arrived. */
interface Received {
  /** `webhook-id` */
  id: string;
  headers: Record<string, string>;
  /** The bytes, which the signature is about. */
  text: string;
  body: { type: string; version: number; timestamp: string; sequence: number; data: Data };
}

interface Data extends Record<string, unknown> {
  id: string;
  status?: string;
}

type Answer = (response: ServerResponse, received: Received) => void;

/** Answers with a status and nothing else. */
export const status = (code: number, headers: Record<string, string> = {}): Answer => {
  return (response) => response.writeHead(code, headers).end();
};

/**
 * Receives webhooks at an address of its own. What `answer` is set to decides how it answers; `port` 0 is
 * any free one.
 */
export async function startReceiver(answer: Answer = status(204), port = 0) {
  const received: Received[] = [];
  const receiver = { received, answer, url: '', port: 0, stop };
  const server = createServer(async (request, response) => {
    const text = await readText(request);
    const headers = request.headers as Record<string, string>;
    const body = JSON.parse(text);
    const one = { id: headers['webhook-id'] as string, headers, text, body };
    received.push(one);
    receiver.answer(response, one);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  receiver.port = (server.address() as AddressInfo).port;
  receiver.url = `http://127.0.0.1:${receiver.port}/hook`;
  return receiver;

  async function stop(): Promise<void> {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

async function readText(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
