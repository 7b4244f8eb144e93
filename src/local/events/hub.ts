import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { S3EventRecord } from 'aws-lambda';
import { hasNotifications } from '../bucket.ts';
import { pickAt, readText } from '../deployment/shape.ts';
import { formatMessage, type Log } from '../log.ts';
import { normaliseRecords } from './record.ts';

/** Receives the S3 server's notifications and forwards each to the worker of its bucket. */
export type Hub = {
  /** Where the S3 server posts, and, with `/subscribe`, where a worker registers a bucket. */
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
};

// A worker takes a second to restart. An event that is dropped after a minute is found by
// `reconcile`.
const keepTrying = { every: 250, ms: 60_000, waiting: 10_000 };

/**
 * Starts the only receiver of events that versitygw can be configured with. `POST {url}/subscribe`
 * with `{ bucket, url }` registers the worker of a bucket, in place of an earlier one. A record is
 * posted to it until it answers 200.
 */
export async function startHub({ port = 0, log }: { port?: number; log: Log }): Promise<Hub> {
  const subscribers = new Map<string, string>();
  const stopping = new AbortController();
  let waiting = 0;
  // Any page in a browser can post to localhost, so the path is a secret.
  const secret = `/${randomBytes(16).toString('hex')}`;

  async function deliver(record: S3EventRecord): Promise<void> {
    const { name } = record.s3.bucket;
    if (waiting >= keepTrying.waiting)
      return log(`Too many S3 events are waiting; one of ${name} is dropped`);
    waiting += 1;
    try {
      const until = Date.now() + keepTrying.ms;
      while (Date.now() < until && !stopping.signal.aborted) {
        const url = subscribers.get(name);
        if (url && (await post(url, { Records: [record] }, stopping.signal))) return;
        await pause(keepTrying.every, undefined, { signal: stopping.signal });
      }
      log(
        `No worker accepted the S3 event of ${name}/${record.s3.object.key}; reconcile will find it`,
      );
    } catch (error) {
      if (!stopping.signal.aborted)
        log(`An S3 event of ${name} is dropped: ${formatMessage(error)}`);
    } finally {
      waiting -= 1;
    }
  }

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readJson(request);
    if (request.url === `${secret}/subscribe`) {
      subscribers.set(readText(pickAt(body, 'bucket')), readText(pickAt(body, 'url')));
    } else if (request.url === secret) {
      // The server tells of all buckets.
      const records = normaliseRecords(body).filter(({ s3 }) => hasNotifications(s3.bucket.name));
      for (const record of records) void deliver(record);
    } else response.statusCode = 404;
    response.end();
  }

  const server = createServer((request, response) => {
    receive(request, response).catch((error: unknown) => {
      log(`The receiver of S3 events rejected a request: ${formatMessage(error)}`);
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
    return false; // the worker is not running; the caller retries until it is stopped
  }
}

/** Reads the JSON body of a request, up to a megabyte. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) {
    body += chunk;
    if (body.length > 1_000_000) throw new Error('the body is too long');
  }
  return JSON.parse(body);
}
