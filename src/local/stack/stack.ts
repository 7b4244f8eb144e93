import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { withDatabase } from '../../data/connection-string.ts';
import { createBuckets, LOCAL_BUCKET } from '../bucket.ts';
import { startLocalComfyUi } from '../comfyui/local.ts';
import { readDeployment } from '../deployment/read.ts';
import { makeEnvironment } from '../environment.ts';
import { type Lock, takeLock } from '../lock.ts';
import { formatMessage, type Log } from '../log.ts';
import { end, type Kept } from '../process/keep.ts';
import { endLeftovers } from '../process/leftovers.ts';
import { findFreePort, isFree } from '../process/ports.ts';
import { createQueues } from '../queue/server.ts';
import { Refusal } from '../refusal.ts';
import type { Settings } from '../settings.ts';
import { beginTools, type Tools } from '../tools.ts';
import { keepChild, type Launch, launch, open } from './children.ts';
import { forgetState, readState, type State, writeState } from './state.ts';
import { watch } from './watch.ts';

/** The whole backend while it runs. */
export type Stack = { readonly state: State; stop(): Promise<void> };

const bucket = process.env.MEDIA_BUCKET || LOCAL_BUCKET;

/** Starts everything, with its data in one folder. @throws Refusal with what the user can do */
export async function startStack(settings: Settings, log: Log): Promise<Stack> {
  const { root, dir, host } = settings;
  const lock = claim(dir);
  const endings: (() => Promise<void> | void)[] = [() => lock.release()];
  const stop = async () => {
    // In reverse order of the start, so that nothing loses what it depends on.
    for (const ending of endings.splice(0).reverse()) {
      await Promise.resolve(ending()).catch((error: unknown) => log(formatMessage(error)));
    }
  };
  try {
    await endLeftovers(join(dir, 'run'));
    const port = await choosePort(settings.port);
    let deployment = readDeployment(root);
    const tools = await beginTools({ dir, log });
    endings.push(() => tools.stop());
    const comfyui = await startLocalComfyUi(process.env.COMFYUI_URL, tools.info.ffmpeg);
    endings.push(() => comfyui.stop());
    const apiUrl = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
    const place = { database: 'mixdown', bucket, apiUrl, comfyuiUrl: comfyui.url };
    const prepareEnvironment = async () =>
      makeEnvironment(
        tools.info,
        deployment,
        await createQueues(tools.info.queue, deployment, deployment.service),
        place,
      );
    let env = await prepareEnvironment();
    const planLaunch = (role: Launch['role']): Launch => ({ role, root, dir, host, port, env });

    // They import their code while the database starts.
    const roles = ['migrate', 'gateway', 'worker'] as const;
    const [migration, first, second] = roles.map((role) => launch(planLaunch(role))) as [
      ChildProcess,
      ChildProcess,
      ChildProcess,
    ];
    endings.push(async () => {
      await Promise.all([migration, first, second].map((child) => end(child, 5000)));
    });
    await prepare(tools, migration, log);
    const gateway = await keepChild(first, () => planLaunch('gateway'), log);
    endings.push(() => gateway.stop());
    tools.deliverPayments(apiUrl);
    const worker = await keepChild(second, () => planLaunch('worker'), log);
    endings.push(() => worker.stop());

    const mongodb = withDatabase(tools.info.mongodb, place.database);
    const urls = { mongodb, s3: tools.info.s3.endpoint, queue: tools.info.queue };
    if (tools.info.stripe) {
      log(
        `Without STRIPE_SECRET_KEY, payments go to a stand-in for Stripe at ${tools.info.stripe}.`,
      );
    }
    const comfyuiIs = { comfyui: comfyui.url, isComfyuiReal: comfyui.isReal };
    const state: State = { pid: process.pid, api: apiUrl, ...urls, ...comfyuiIs };
    writeState(dir, state);
    endings.push(() => forgetState(dir));
    if (settings.watch) endings.push(watch(root, () => reload([gateway, worker]), log));
    return { state, stop };

    async function reload(kept: Kept[]): Promise<void> {
      try {
        deployment = readDeployment(root);
        env = await prepareEnvironment();
      } catch (error) {
        return log(formatMessage(error));
      }
      const began = Date.now();
      await Promise.all(kept.map((one) => one.restart()));
      log(`reloaded in ${Date.now() - began} ms`);
    }
  } catch (error) {
    await stop();
    throw error;
  }
}

async function prepare(tools: Tools, migration: ChildProcess, log: Log): Promise<void> {
  await tools.ready;
  const migrated = open(migration).catch((error: unknown) => {
    throw new Refusal(`The migrations failed: ${formatMessage(error)}; see above.`);
  });
  const created = createBuckets(tools.info.s3, bucket, (name, error) => {
    // On the user's own S3 server the bucket may exist already, with settings that are not ours to
    // change.
    if (!process.env.S3_ENDPOINT) throw error;
    log(`The bucket ${name} was left as it is: ${formatMessage(error)}`);
  });
  await Promise.all([migrated, created]);
  await end(migration, 5000);
}

function claim(dir: string): Lock {
  const taken = takeLock(join(dir, 'lock'));
  if ('lock' in taken) return taken.lock;
  const { pid } = taken.holder;
  const state = readState(dir); // of an earlier run, while the other process starts
  const where = state?.pid === pid ? `process ${pid}, ${state.api}` : `process ${pid}`;
  throw new Refusal(
    `Mixdown already runs on ${dir} (${where}): end it first, or set DATA_DIR to another folder.`,
  );
}

async function choosePort(wanted: number): Promise<number> {
  if (wanted === 0) return findFreePort();
  if (await isFree(wanted)) return wanted;
  throw new Refusal(
    `Port ${wanted} is taken by another program: end that one, or set PORT to another (0 for any).`,
  );
}
