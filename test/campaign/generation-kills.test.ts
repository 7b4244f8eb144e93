import '../harness/place.ts';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { UUID } from '../../src/data/ids.ts';
import { findFreePort } from '../../src/local/process/ports.ts';
import { CreditHold } from '../../src/models/billing/credit-hold.ts';
import { ComfyUIWorkflowExecution } from '../../src/models/generation/comfyui/workflow-execution.ts';
import { Job } from '../../src/models/jobs/job.ts';
import { Image } from '../../src/models/media/image.ts';
import { verifyLedger } from '../../src/services/billing/verify.ts';
import { startExecution } from '../../src/services/generation/comfyui/start-execution.ts';
import { makeOwner } from '../generation/simulation/make-owner.ts';
import { nameOutputs } from '../generation/simulation/owner.ts';
import { usePods } from '../generation/support/drive.ts';
import { chance } from '../harness/chance.ts';
import { place } from '../harness/place.ts';
import { until } from '../harness/until.ts';

// The environment is that of any test; worker and pod processes of this test's own, which it kills.
place({ worker: false });

const EXECUTIONS = Number(process.env.EXECUTIONS ?? 20);
const KILLS = Number(process.env.KILLS ?? 20);
const [WORKERS, PODS, POD_SECONDS] = [3, 2, 2];
const MINUTE = 60_000;
const luck = chance();

let dir: string;
/** The names of executions, by their ids. */
const names = new Map<string, string>();
const children = new Set<ChildProcess>();

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mixdown-generation-kills-'));
  await writeFile(join(dir, 'saves'), '');
});
afterAll(async () => {
  await Promise.all([...children].map(kill));
  await rm(dir, { recursive: true, force: true });
});

function start(name: 'worker' | 'pod', env: NodeJS.ProcessEnv = {}): ChildProcess {
  const file = fileURLToPath(new URL(`./generation/${name}.ts`, import.meta.url));
  const child = fork(file, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  children.add(child);
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  children.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  const over = once(child, 'exit');
  process.kill(child.pid as number, 'SIGKILL');
  await over;
}

async function startPod(port: number): Promise<ChildProcess> {
  const pod = start('pod', {
    ...{ POD_PORT: String(port), POD_SECONDS: String(POD_SECONDS) },
    POD_SAVES: join(dir, 'saves'),
  });
  await once(pod, 'message');
  return pod;
}

/** Those of this test: one was there before. */
const readRuns = async () =>
  (await ComfyUIWorkflowExecution.collection.find({}).toArray()).filter(({ _id }) =>
    names.has(String(_id)),
  );
const isOpen = (run: object) =>
  'status' in run && ['QUEUED', 'RUNNING'].includes(String(run.status));

test(`of ${EXECUTIONS} executions none is stuck, run twice or paid wrongly, though workers and pods are killed ${KILLS} times`, async () => {
  const owner = await makeOwner();
  const ports = [];
  for (let n = 0; n < PODS; n++) ports.push(await findFreePort());
  const pods = await Promise.all(ports.map(startPod));
  await usePods(...ports.map((port) => `http://127.0.0.1:${port}`));
  const workers = Array.from({ length: WORKERS }, () => start('worker'));
  const workflow = owner.workflows[0]?.id as UUID;
  const killed = { worker: 0, pod: 0 };
  for (let n = 0; n < KILLS; n++) {
    // They are started one after the other, so that each kill meets some of them under way.
    for (let i = 0; i < Math.ceil(EXECUTIONS / KILLS) && names.size < EXECUTIONS; i++) {
      const name = `kill${names.size}`;
      const parameters = nameOutputs(1, name);
      const made = await startExecution(owner.ctx, { user: owner.user, workflow, parameters });
      names.set(made._id.toString(), name);
    }
    await pause(1000 + luck.below(4000));
    if (luck.below(4) === 0) {
      const one = luck.below(PODS);
      await kill(pods[one] as ChildProcess);
      await pause(luck.below(2000));
      pods[one] = await startPod(ports[one] as number);
      killed.pod++;
    } else {
      const one = luck.below(WORKERS);
      await kill(workers[one] as ChildProcess);
      workers[one] = start('worker');
      killed.worker++;
    }
  }
  await until('all have ended', async () => !(await readRuns()).some(isOpen), 15 * MINUTE);
  const unended = () => Job.collection.countDocuments({ status: { $in: ['QUEUED', 'RUNNING'] } });
  await until('no job is left', async () => (await unended()) === 0, 5 * MINUTE);
  await Promise.all([...children].map(kill));
  await expectSettled(owner.user, killed);
});

async function expectSettled(user: UUID, killed: object): Promise<void> {
  const saves = (await readFile(join(dir, 'saves'), 'utf8')).trim().split('\n');
  // By one life of a pod each was run once at most: what a killed one had forgotten may be run by another.
  expect(saves.filter((line, n) => saves.indexOf(line) !== n)).toEqual([]);
  const ends: Record<string, number> = {};
  for (const run of await readRuns()) {
    const name = names.get(String(run._id)) ?? '';
    const status = String(run.status);
    ends[status] = (ends[status] ?? 0) + 1;
    expect(run.stage, name).toBe('DONE');
    const media = await Image.collection.find({ generatedBy: run.job, status: 'READY' }).toArray();
    if (status === 'COMPLETED') {
      expect(media, name).toHaveLength(1);
      expect(run.outputs, name).toHaveLength(1);
    } else expect(status, name).toBe('LOST');
  }
  expect(await CreditHold.collection.countDocuments({ account: user, state: 'HELD' })).toBe(0);
  const { fault } = await verifyLedger();
  expect(fault).toBeUndefined();
  const entries = await CreditHold.collection.countDocuments({ account: user, state: 'CAPTURED' });
  // And the one that was there before.
  expect(entries).toBe((ends.COMPLETED ?? 0) + 1);
  console.log(
    `${names.size} executions ended ${JSON.stringify(ends)}; killed ${JSON.stringify(killed)}; ${saves.length} outputs saved.`,
  );
}
