import { join } from 'node:path';
import { createBuckets } from './bucket.ts';
import type { Deployment } from './deployment/types.ts';
import { makeEnvironment, type Place } from './environment.ts';
import { type Gateway, startGateway } from './http/gateway.ts';
import { importHandler, type Load } from './invoke/handler.ts';
import { type Log, toStderr } from './log.ts';
import { endLeftovers } from './process/leftovers.ts';
import { createQueues } from './queue/server.ts';
import { beginTools, type Tools, type ToolsInfo } from './tools.ts';
import { startWorker } from './worker.ts';

export { readDeployment } from './deployment/read.ts';
export type { Deployment } from './deployment/types.ts';
export { migrate } from './migrate.ts';
export type { Tools, ToolsInfo } from './tools.ts';

/** Starts mongod, S3 and the queue on a folder, shared by all files of a test run. */
export async function startTools(options: {
  dir: string;
  log?: Log;
  forTests?: boolean;
  adminPassword?: string;
}): Promise<Tools> {
  await endLeftovers(join(options.dir, 'run'));
  const tools = await beginTools(options);
  try {
    await tools.ready;
    return tools;
  } catch (error) {
    await tools.stop();
    throw error;
  }
}

/**
 * Creates a separate environment on shared tools: a bucket and queues named after `name`, and a
 * database that appears with the first write.
 * @returns the environment variables of its handlers; `startFunctions` sets `API_URL`
 */
export async function createPlace(
  tools: ToolsInfo,
  deployment: Deployment,
  name: string,
): Promise<Record<string, string>> {
  const bucket = `${name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}-media`;
  const place: Place = { database: name, bucket, apiUrl: 'http://localhost:4000' };
  const [queues] = await Promise.all([
    createQueues(tools.queue, deployment, name),
    createBuckets(tools.s3, bucket),
  ]);
  return makeEnvironment(tools, deployment, queues, place);
}

/** The functions of a deployment while they run in this process. */
export type Functions = {
  /** The address of the gateway, if there is one. */
  readonly url: string;
  stop(): Promise<void>;
};

/**
 * Runs the functions of a deployment in this process. `env` is copied into `process.env` before
 * they are imported; a module that has read the environment before keeps its values.
 */
export async function startFunctions(options: {
  env: Record<string, string>;
  deployment: Deployment;
  /** Serve HTTP on a free port. Default true. */
  http?: boolean;
  /** Serve S3 events and queues. Default true. */
  worker?: boolean;
  /** Whether schedules fire. Default false: a test calls those functions itself. */
  clock?: boolean;
  load?: Load;
  log?: Log;
}): Promise<Functions> {
  const { deployment, http = true, worker = true, clock = false } = options;
  const { load = importHandler, log = toStderr } = options;
  const env = { ...options.env };
  const gateway: Gateway | undefined = http
    ? await startGateway({ deployment, load, log })
    : undefined;
  if (gateway) env.API_URL = gateway.url;
  Object.assign(process.env, env);
  const work = worker ? await startWorker({ deployment, env, load, log, clock }) : undefined;
  return {
    url: gateway?.url ?? '',
    stop: async () => {
      await Promise.all([gateway?.stop(), work?.stop()]);
    },
  };
}
