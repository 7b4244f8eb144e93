import '../harness/place.ts';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { type Ctx, systemCtx } from '../../src/context.ts';
import { readBytes } from '../../src/data/bson.ts';
import { decryptField } from '../../src/data/encrypted-fields.ts';
import { newId, UUID } from '../../src/data/ids.ts';
import { insert } from '../../src/data/write.ts';
import { DataKey } from '../../src/models/crypto/data-key.ts';
import { RunPodExecution } from '../../src/models/generation/runpod/execution.ts';
import { Job } from '../../src/models/jobs/job.ts';
import { type RenewalResult, startRenewal } from '../../src/services/crypto/renew-job.ts';
import { BACKUPS } from '../../src/services/crypto/retire.ts';
import { endKeys } from '../../src/services/crypto/rotate.ts';
import { jobTypes } from '../../src/services/job-types.ts';
import { workOnce } from '../../src/services/jobs/worker.ts';
import { chance as makeChance } from '../harness/chance.ts';
import { passTime } from '../harness/clocks.ts';
import { inParallel } from '../harness/in-parallel.ts';
import { place } from '../harness/place.ts';
import type { Said } from '../harness/renewal-process.ts';
import { until } from '../harness/until.ts';

place({ worker: false });

const KILLS = Number(process.env.KILLS ?? 20);
const DOCUMENTS = Number(process.env.DOCUMENTS ?? 8000);
const USERS = 50;
const MINUTE = 60_000;
const at = (ms: number): Ctx => ({ ...systemCtx('test'), clock: () => Date.now() + ms });
const ctx = systemCtx('test');

type Execution = { _id: UUID; input: { bytes: Parameters<typeof readBytes>[0] } };

const running: ChildProcess[] = [];
afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
});

test(`a rotation under load ends, though its workers and clients are killed ${KILLS} times: no read fails, no write is lost, and every key that is needed stays`, async () => {
  const chance = makeChance();
  const users = Array.from({ length: USERS }, () => newId(Date.now()));
  const ids: string[] = [];
  const subjects = { subject: { $in: users.map(String) } };
  await inParallel(
    Array.from({ length: DOCUMENTS }, (_, n) => n),
    async (n) => {
      const values = { configuration: new UUID(), endpointId: `e${n}`, input: { n: 0 } };
      const { _id } = await insert(ctx, RunPodExecution, { user: users[n % USERS], ...values });
      ids.push(String(_id));
    },
  );
  const former = new Set((await DataKey.collection.find(subjects).toArray()).map(nameId));
  // So long ago that no process encrypts under them any longer.
  await endKeys(at(-20 * MINUTE));
  passTime(6 * MINUTE);

  const written = new Map<string, number>();
  const failures: string[] = [];
  let workers = 0;
  const start = (role: 'work' | 'use', own: string[] = []): Process => {
    // The lease of a worker that was killed is over for the next one.
    const ahead = role === 'work' ? ++workers * MINUTE : 0;
    const child = fork(fileURLToPath(new URL('../harness/renewal-process.ts', import.meta.url)), {
      env: { ...process.env, ROLE: role, AHEAD: String(ahead) },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    running.push(child);
    child.on('message', (said: Said) => {
      if ('failed' in said) failures.push(said.failed);
      else written.set(said.id, Math.max(said.n, written.get(said.id) ?? 0));
    });
    if (role === 'use') child.send(own);
    return { child, role, own };
  };
  const { _id: job } = await startRenewal(ctx);
  const half = Math.floor(ids.length / 2);
  const processes = [
    start('work'),
    start('use', ids.slice(0, half)),
    start('use', ids.slice(half)),
  ];
  const countRenewed = async () => {
    const all = RunPodExecution.collection.find<Execution>({}, { projection: { input: 1 } });
    return (await all.toArray()).filter((document) => !former.has(keyOf(document))).length;
  };
  for (let n = 1; n <= KILLS; n++) {
    await until(
      `more is renewed, before kill ${n}`,
      async () => {
        return (await countRenewed()) >= (DOCUMENTS * n) / (KILLS + 2);
      },
      5 * MINUTE,
    );
    // The one that works, and now and then one that uses.
    const which = n % 4 === 0 ? 1 + chance.below(2) : 0;
    const { child, role, own } = processes[which] as Process;
    const over = once(child, 'exit');
    child.kill('SIGKILL');
    await over;
    processes[which] = start(role, own);
  }
  const ended = await until(
    'the renewal has ended',
    async () => {
      const found = await Job.collection.findOne({ _id: job });
      return found && !['QUEUED', 'RUNNING'].includes(found.status as string) && found;
    },
    5 * MINUTE,
  );
  for (const { child } of processes) child.kill('SIGKILL');
  console.log(`${written.size} documents written meanwhile, ${JSON.stringify(ended.result)}`);
  expect(ended.status).toBe('COMPLETED');
  expect(failures).toEqual([]);
  expect(written.size).toBeGreaterThan(0);
  expect(await countRenewed()).toBe(DOCUMENTS);

  // Keys that nothing needs go in time; all documents are read all the same.
  const results = [];
  // The clocks of workers were that far ahead.
  const after = (workers + 5) * MINUTE;
  for (const ms of [after, BACKUPS + 2 * after]) results.push(await renew(ms));
  console.log(JSON.stringify(results));
  expect(results.at(-1)?.destroyed).toBeGreaterThanOrEqual(USERS);
  passTime(6 * MINUTE);
  for (const document of await RunPodExecution.collection.find({}).toArray()) {
    const read = await decryptField<{ n: number }>(ctx, RunPodExecution, document, 'input');
    expect(read?.n).toBeGreaterThanOrEqual(written.get(String(document._id)) ?? 0);
  }
});

interface Process {
  child: ChildProcess;
  role: 'work' | 'use';
  own: string[];
}

const nameId = ({ _id }: { _id: UUID }) => String(_id);

function keyOf({ input }: Execution): string {
  return String(new UUID(readBytes(input.bytes).subarray(1, 17)));
}

/** Runs a renewal to its end, so many ms from now. */
async function renew(ms: number): Promise<RenewalResult> {
  const { _id } = await startRenewal(at(ms));
  while ((await workOnce(at(ms), jobTypes, () => 900_000)) !== 'IDLE');
  return (await Job.collection.findOne({ _id }))?.result as RenewalResult;
}
