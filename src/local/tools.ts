import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { startHub } from './events/hub.ts';
import { type Log, toStderr } from './log.ts';
import { buildMongodUri, type MongodOptions, startMongod } from './mongod.ts';
import { findFreePort } from './process/ports.ts';
import { startQueue } from './queue/server.ts';
import { type S3Access, startS3 } from './s3.ts';
import { loadSecrets, locateSecrets, type Secrets } from './secrets.ts';
import { startLocalStripe } from './stripe.ts';
import { ffmpeg } from './tools/ffmpeg.ts';
import { find } from './tools/find.ts';
import { mongod } from './tools/mongod.ts';
import { versitygw } from './tools/versitygw.ts';

/** The addresses of the tools. It is plain data, so that it can be passed to other processes. */
export type ToolsInfo = {
  /** A connection string, without a database unless the user's MONGODB_URI has one. */
  mongodb: string;
  s3: S3Access;
  queue: string;
  /** The receiver of S3 events; empty with the user's own S3 server, which sends us no events. */
  hub: string;
  ffmpeg: string;
  secrets: Secrets;
  /** Where they are, to be read again. */
  secretsFile: string;
  /** What stands in for Stripe; empty with the user's own key. */
  stripe: string;
  /** Where mails are written to. */
  mailDir: string;
};

/** The tools while they run. */
export type Tools = {
  readonly info: ToolsInfo;
  /** Resolves once MongoDB and S3 answer. */
  readonly ready: Promise<void>;
  /** Process ids by name, for tests that kill. */
  pids(): Promise<Record<'mongod' | 's3', number | undefined>>;
  /** Has the stand-in for Stripe send its events to an API. */
  deliverPayments(api: string): void;
  stop(): Promise<void>;
};

type Options = { dir: string; log?: Log } & Pick<MongodOptions, 'forTests' | 'adminPassword'>;

/**
 * Begins to start mongod, S3 and the queue on a folder, and resolves as soon as their addresses are
 * known, so that the caller can load its code meanwhile.
 */
export async function beginTools({
  dir,
  log = toStderr,
  forTests = false,
  adminPassword,
}: Options): Promise<Tools> {
  mkdirSync(dir, { recursive: true });
  const secrets = loadSecrets(dir);
  const { MONGODB_URI, S3_ENDPOINT, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = process.env;
  const [mongodBinary, s3Binary, ffmpegPath] = await Promise.all([
    MONGODB_URI ? '' : find(mongod, log),
    S3_ENDPOINT ? '' : find(versitygw, log),
    find(ffmpeg, log),
  ]);
  const ports = await choosePorts(dir);
  const server = { port: ports.mongod, ...(adminPassword && { adminPassword }) };
  const database = MONGODB_URI
    ? undefined
    : startMongod({ dir, ...server, binary: mongodBinary, log, forTests });
  database?.catch(() => undefined); // the error is thrown where `ready` is awaited
  const [hub, queue, stripe] = await Promise.all([
    S3_ENDPOINT ? undefined : startHub({ log }),
    startQueue({ port: ports.queue }),
    process.env.STRIPE_SECRET_KEY ? undefined : startLocalStripe(ports.stripe),
  ]);
  const own = {
    accessKeyId: secrets.AWS_ACCESS_KEY_ID,
    secretAccessKey: secrets.AWS_SECRET_ACCESS_KEY,
  };
  const objects =
    hub && startS3({ dir, port: ports.s3, webhookUrl: hub.url, binary: s3Binary, log, ...own });
  const ready = Promise.all([database, objects]).then(() => undefined);
  ready.catch(() => undefined); // as above

  async function pids() {
    const [mongod, s3] = await Promise.all([database, objects]);
    return { mongod: mongod?.pid, s3: s3?.pid };
  }

  return {
    info: {
      mongodb: MONGODB_URI || buildMongodUri(server),
      s3: S3_ENDPOINT
        ? {
            endpoint: S3_ENDPOINT,
            accessKeyId: AWS_ACCESS_KEY_ID ?? '',
            secretAccessKey: AWS_SECRET_ACCESS_KEY ?? '',
          }
        : { endpoint: `http://localhost:${ports.s3}`, ...own },
      queue: queue.endpoint,
      hub: hub?.url ?? '',
      ffmpeg: ffmpegPath,
      secrets,
      secretsFile: locateSecrets(resolve(dir)),
      mailDir: resolve(dir, 'mail'),
      stripe: stripe?.url ?? '',
    },
    ready,
    pids,
    deliverPayments: (api) => stripe?.deliverTo(api),
    stop: async () => {
      const started = await Promise.allSettled([database, objects]);
      await Promise.all(started.map((one) => one.status === 'fulfilled' && one.value?.stop()));
      await Promise.all([hub?.stop(), queue.stop(), stripe?.stop()]);
    },
  };
}

type Ports = { mongod: number; s3: number; queue: number; stripe: number };

/**
 * Chooses the ports of the last run, so that addresses survive a restart, or others if they are
 * taken.
 */
async function choosePorts(dir: string): Promise<Ports> {
  const file = join(dir, 'ports.json');
  let last: Partial<Ports> = {};
  try {
    last = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const isNew = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (!isNew && !(error instanceof SyntaxError)) throw error;
  }
  const ports: Ports = {
    mongod: await findFreePort(last.mongod),
    s3: await findFreePort(last.s3),
    queue: await findFreePort(last.queue),
    stripe: await findFreePort(last.stripe),
  };
  writeFileSync(file, `${JSON.stringify(ports)}\n`);
  return ports;
}
