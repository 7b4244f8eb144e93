import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { S3Event, S3EventRecord } from 'aws-lambda';
import type { Deployment, UploadRule } from '../deployment/types.ts';
import { importHandler, type Load } from '../invoke/handler.ts';
import { createInvoker, type Invoker } from '../invoke/invoker.ts';
import { formatError, type Log, toStderr } from '../log.ts';
import { readJson } from './hub.ts';

/** Calls the functions that have S3 events, for one bucket. */
export type Listener = { readonly url: string; stop(): Promise<void> };

type Options = {
  deployment: Deployment;
  bucket: string;
  /** The address of the hub. */
  hub: string;
  load?: Load;
  log?: Log;
  /** The delays before the second and the third attempt, in ms. Lambda's are minutes. */
  retries?: number[];
};

/**
 * Subscribes to the events of a bucket and calls the functions whose rules they match, each up to
 * three times. The event is acknowledged when all of them have ended; until then the hub keeps it,
 * and sends it to the next worker if this one dies.
 */
export async function startListener({
  deployment,
  bucket,
  hub,
  load = importHandler,
  log = toStderr,
  retries = [1000, 2000],
}: Options): Promise<Listener> {
  const targets = deployment.functions.flatMap((fn) =>
    fn.uploads.map((rule) => ({ name: fn.name, rule, invoke: createInvoker(fn, load) })),
  );
  const stopping = new AbortController();

  async function call(name: string, invoke: Invoker, record: S3EventRecord): Promise<void> {
    const event: S3Event = { Records: [record] };
    for (const wait of [0, ...retries]) {
      await pause(wait, undefined, { signal: stopping.signal });
      try {
        await invoke(event);
        return;
      } catch (error) {
        log(`${name} failed on ${record.s3.object.key}: ${formatError(error)}`);
      }
    }
    log(`${name} gave up on ${record.s3.object.key}`);
  }

  async function handle(event: S3Event): Promise<void> {
    const calls = event.Records.flatMap((record) =>
      targets
        .filter(({ rule }) => matchesRule(record, rule))
        .map(({ name, invoke }) => call(name, invoke, record)),
    );
    await Promise.all(calls);
  }

  const server = createServer((request, response) => {
    readJson(request)
      .then((event) => handle(event as S3Event)) // the hub sent it
      .catch((error: unknown) => {
        response.statusCode = 500;
        if (!stopping.signal.aborted) log(`An S3 event was rejected: ${formatError(error)}`);
      })
      .finally(() => response.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const url = `http://127.0.0.1:${port}/`;
  const answer = await fetch(`${hub}/subscribe`, {
    method: 'POST',
    body: JSON.stringify({ bucket, url }),
  });
  if (!answer.ok) throw new Error(`The receiver of S3 events answered ${answer.status}`);
  return {
    url,
    stop: () => {
      stopping.abort();
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Whether the type of an event and the prefix and suffix of its key match a rule. */
function matchesRule(record: S3EventRecord, { event, prefix, suffix }: UploadRule): boolean {
  const kind = event.replace(/^s3:/, '');
  const { key } = record.s3.object;
  const isKind = kind.endsWith('*')
    ? record.eventName.startsWith(kind.slice(0, -1))
    : record.eventName === kind;
  const name = decodeURIComponent(key.replaceAll('+', ' '));
  return isKind && name.startsWith(prefix) && name.endsWith(suffix);
}
