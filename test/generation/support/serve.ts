import { afterAll, afterEach, beforeAll } from 'vitest';
import type { Fault, FaultName } from '../../../src/local/comfyui/faults.ts';
import { type ComfyUi, startComfyUi } from '../../../src/local/comfyui/start.ts';
import { Job } from '../../../src/models/jobs/job.ts';
import { usePods } from './drive.ts';

/** Has one stand-in for all tests of a file, which is the only pod. @returns it, once the tests run */
export function servePod(): { readonly server: ComfyUi } {
  const held = {} as { server: ComfyUi };
  beforeAll(async () => {
    held.server = await startComfyUi();
    await usePods(held.server.url);
  });
  afterAll(() => held.server.stop());
  return held;
}

type Options = Parameters<typeof startComfyUi>[0];

/**
 * Makes a function that starts stand-ins for one test, after which they are stopped. What a test has left to do is
 * no other's.
 */
export function servePods(): (options?: Options) => Promise<ComfyUi> {
  let servers: ComfyUi[] = [];
  afterEach(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    servers = [];
    await Job.collection.deleteMany({});
  });
  return async (options) => {
    const server = await startComfyUi(options);
    servers.push(server);
    return server;
  };
}

/** The same, where each stand-in takes the place of all pods before it. */
export function serveOnly(): (...faults: (Fault | FaultName)[]) => Promise<ComfyUi> {
  const start = servePods();
  return async (...faults) => {
    const server = await start({ faults });
    await usePods(server.url);
    return server;
  };
}
