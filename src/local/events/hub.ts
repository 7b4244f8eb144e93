import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { S3EventRecord } from 'aws-lambda';
import { at, text } from '../deployment/shape.ts';
import { type Log, sentenceOf } from '../log.ts';
import { normaliseRecords } from './record.ts';

/** Takes the S3 server's notifications and hands each to whoever serves its bucket. */
export type Hub = {
  /** Where the S3 server posts, and, with `/subscribe`, where a worker registers a bucket. */
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
};

// A worker that is starting again takes a second; what waits longer is found by `reconcile`.
const keepTrying = { every: 250, ms: 60_000, waiting: 10_000 };

/**
 * Starts the one receiver that versitygw knows. `POST {url}/subscribe` with `{ bucket, url }` names
 * the worker of a bucket; the last one wins. A record is posted to it until it answers 200.
 */
export async function startHub({ port = 0, log }: { port?: number; log: Log }): Promise<Hub> {
  const subscribers = new Map<string, string>();
  const stopping = new AbortController();
  let waiting = 0;
  // Any page in a browser may post to localhost: only who knows the path is heard.
  const secret = `/${randomBytes(16).toString('hex')}`;

  async function deliver(record: S3EventRecord): Promise<void> {
    const { name } = record.s3.bucket;
    if (waiting >= keepTrying.waiting)
      return log(`Too many S3 events wait; one of ${name} is lost`);
    waiting += 1;
    try {
      const until = Date.now() + keepTrying.ms;
      while (Date.now() < until && !stopping.signal.aborted) {
        const url = subscribers.get(name);
        if (url && (await post(url, { Records: [record] }, stopping.signal))) return;
        await pause(keepTrying.every, undefined, { signal: stopping.signal });
      }
      log(`Nobody took the S3 event of ${name}/${record.s3.object.key}; reconcile will find it`);
    } catch (error) {
      if (!stopping.signal.aborted) log(`An S3 event of ${name} is lost: ${sentenceOf(error)}`);
    } finally {
      waiting -= 1;
    }
  }

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readJson(request);
    if (request.url === `${secret}/subscribe`) {
      subscribers.set(text(at(body, 'bucket')), text(at(body, 'url')));
    } else if (request.url === secret) {
      for (const record of normaliseRecords(body)) void deliver(record);
    } else response.statusCode = 404;
    response.end();
  }

  const server = createServer((request, response) => {
    receive(request, response).catch((error: unknown) => {
      log(`The receiver of S3 events refused a call: ${sentenceOf(error)}`);
      response.statusCode = 400;
      response.end();
    });
  });
  const listen = (at: number) =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(at, '127.0.0.1', resolve);
    });
  await listen(port);
  const { port: bound } = server.address() as AddressInfo; // it listens on TCP
  return {
    url: `http://127.0.0.1:${bound}${secret}`,
    port: bound,
    stop: () => {
      stopping.abort();
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function post(url: string, body: unknown, signal: AbortSignal): Promise<boolean> {
  try {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(url, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
      signal,
    });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false; // the worker is gone; the caller tries again until it is told to stop
  }
}

/** The JSON body of a request, up to a megabyte. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) {
    body += chunk;
    if (body.length > 1_000_000) throw new Error('the body is too long');
  }
  return JSON.parse(body);
}
