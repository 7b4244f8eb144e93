import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { expect, onTestFinished, test, vi } from 'vitest';
import { readBirth } from '../../src/local/process/identity.ts';
import { findFreePort } from '../../src/local/process/ports.ts';
import { readState, type State } from '../../src/local/stack/state.ts';
import { until } from '../harness/until.ts';
import { project } from './given.ts';

vi.setConfig({ testTimeout: 60_000 });

const files = {
  'serverless.yml': `
service: stub
functions:
  echo: { handler: functions/echo.handler, events: [{ httpApi: '*' }] }
  uploaded: { handler: functions/note.handler, events: [{ s3: { bucket: b } }] }
  jobs: { handler: functions/note.handler, events: [{ sqs: { arn: !GetAtt JobsQueue.Arn } }] }
  tick: { handler: functions/note.handler, events: [{ schedule: rate(1 minute) }] }
  migrate: { handler: functions/note.handler }
`,
  'functions/echo.ts':
    'export const handler = async (e: unknown) => ({ version: 1, pid: process.pid, env: process.env });',
  'functions/note.ts': `
    import { appendFileSync } from 'node:fs';
    export const handler = async (event: unknown, context: { functionName: string }) =>
      appendFileSync('notes.txt', JSON.stringify({ name: context.functionName, pid: process.pid }) + '\\n');
  `,
};

type Note = { name: string; pid: number };

function given() {
  const root = project(files);
  const dir = join(root, '.mixdown');
  const start = (args: string[] = [], env: Record<string, string> = {}) => {
    const script = join(import.meta.dirname, '../../scripts/start.ts');
    const child = spawn(process.execPath, [script, ...args], {
      env: { ...process.env, MIXDOWN_ROOT: root, PORT: '0', ...env },
    });
    const process_ = { child, output: '', ended: once(child, 'close').then(([code]) => code) };
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        process_.output += text;
      });
    }
    onTestFinished(() => end(child));
    return process_;
  };
  const ready = async (started: ReturnType<typeof start>) => {
    await until('it is ready or ended', async () => {
      if (started.child.exitCode !== null) throw new Error(started.output);
      return started.output.includes('ready  api ');
    });
    return readState(dir) as State;
  };
  const notes = (name: string): Note[] => {
    const text = readFileSync(join(root, 'notes.txt'), 'utf8').trim().split('\n');
    return text.map((line) => JSON.parse(line)).filter((note) => note.name === name);
  };
  const pidOf = (name: string): number =>
    JSON.parse(readFileSync(join(dir, 'run', `${name}.json`), 'utf8')).pid;
  return { root, dir, start, ready, notes, pidOf };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

const alive = (pid: number) => readBirth(pid) !== '';
const names = ['mongod', 's3', 'gateway', 'worker'];

type Echo = { version: number; pid: number; env: Record<string, string> };
const call = async (api: string) => (await (await fetch(api)).json()) as Echo;

async function withDatabase<T>(uri: string, work: (client: MongoClient) => Promise<T>): Promise<T> {
  const client = await MongoClient.connect(uri, { serverSelectionTimeoutMS: 10_000 });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

test('the stack prints its addresses, refuses a second start, and stops with all its processes', async () => {
  const { dir, start, ready, notes, pidOf } = given();
  const first = start();
  const state = await ready(first);
  expect(first.output).toContain(`api ${state.api}  docs ${state.api}/docs`);
  expect(state.mongodb).toMatch(/\/mixdown\?directConnection=true$/);
  const { env } = await call(state.api);
  expect(env).toMatchObject({
    STAGE: 'local',
    API_URL: state.api,
    MONGODB_URI: state.mongodb,
    S3_ENDPOINT: state.s3,
    SQS_ENDPOINT: state.queue,
    MEDIA_BUCKET: 'mixdown-media',
    JOBS_QUEUE_URL: expect.stringContaining('stub-JobsQueue'),
    TOKEN_KEYS: expect.stringMatching(/^\[\{"kid":/),
    FFMPEG_PATH: expect.stringContaining('ffmpeg'),
    COMFYUI_URL: state.comfyui,
  });
  expect(first.output).toContain(`ComfyUI at ${state.comfyui} is a stand-in`);
  const stats = await fetch(`${state.comfyui}/system_stats`);
  expect(await stats.text()).toContain('stand-in');
  expect(notes('migrate')).toHaveLength(1);
  await until('the schedule fired', () => notes('tick').length === 1);

  const second = start();
  expect(await second.ended).toBe(1);
  expect(second.output.trim().split('\n')).toEqual([
    expect.stringContaining(
      `Mixdown already runs on ${dir} (process ${first.child.pid}, ${state.api})`,
    ),
  ]);

  // One whose port somebody else took in the meantime is started anew.
  await until(
    () => `all parts run: ${first.output}`,
    () => names.map(pidOf).every(alive),
  );
  const pids = names.map(pidOf);
  first.child.kill('SIGINT');
  expect(await first.ended).toBe(0);
  expect(pids.some(alive)).toBe(false);
  expect(readState(dir)).toBeUndefined();
});

test('a ComfyUI of one’s own is used in place of the stand-in', async () => {
  const { start, ready } = given();
  const url = 'http://gpu.example:8188';
  const started = start([], { COMFYUI_URL: url });
  const state = await ready(started);
  expect([state.comfyui, state.isComfyuiReal]).toEqual([url, true]);
  expect((await call(state.api)).env.COMFYUI_URL).toBe(url);
  expect(started.output).not.toContain('is a stand-in');
});

test('a port in use is reported in one sentence', async () => {
  const port = await findFreePort();
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  const { start } = given();
  const started = start([], { PORT: String(port) });
  expect(await started.ended).toBe(1);
  server.close();
  expect(started.output.trim()).toMatch(new RegExp(`^Port ${port} is taken[^\\n]*$`));
});

test('a database that the migrations refuse is a sentence without a stack', async () => {
  const { root, start } = given();
  const refusal =
    'class R extends Error { name = "Refusal" } throw new R("Use an empty database.");';
  writeFileSync(join(root, 'functions/note.ts'), `export const handler = () => { ${refusal} };`);
  const started = start();
  expect(await started.ended).toBe(1);
  expect(started.output.trim().split('\n')).toEqual([
    'Use an empty database.',
    'The migrations failed: the process ended (code 1); see above.',
  ]);
});

test('killing the supervisor ends all its processes, and the next start finds all data', async () => {
  const { start, ready, pidOf } = given();
  const first = start();
  const before = await ready(first);
  const secret = (await call(before.api)).env.TOKEN_KEYS;
  await withDatabase(before.mongodb, (client) =>
    client
      .db()
      .collection('kept')
      .insertOne({ a: 1 }, { writeConcern: { w: 'majority' } }),
  );
  const pids = names.map(pidOf);
  first.child.kill('SIGKILL');
  const second = start(); // at once: what is left is still ending
  const after = await ready(second);
  expect(pids.some(alive)).toBe(false);
  expect(
    await withDatabase(after.mongodb, (client) => client.db().collection('kept').countDocuments()),
  ).toBe(1);
  expect((await call(after.api)).env.TOKEN_KEYS).toBe(secret);
  expect([after.mongodb, after.s3]).toEqual([before.mongodb, before.s3]);

  const later = names.map(pidOf);
  second.child.kill('SIGKILL');
  await until('all are gone though nobody starts again', () => !later.some(alive));
});

test('gateway, worker, database and S3 are restarted when killed', async () => {
  const { start, ready, notes, pidOf } = given();
  const { api, mongodb, s3 } = await ready(start());

  const worker = pidOf('worker');
  process.kill(worker, 'SIGKILL');
  expect((await call(api)).version).toBe(1); // HTTP does not notice
  await until('the worker is back and its schedule fired', () => notes('tick').length === 2);

  const { pid } = await call(api);
  process.kill(pid, 'SIGKILL');
  await until('the gateway is back', async () => {
    const answer = await call(api).catch(() => undefined);
    return answer && answer.pid !== pid;
  });

  await withDatabase(mongodb, async (client) => {
    const rows = client.db().collection('rows');
    await rows.insertOne({ a: 1 }, { writeConcern: { w: 'majority' } });
    const killed = pidOf('mongod');
    process.kill(killed, 'SIGKILL');
    await until('mongod is back', async () => {
      await rows.insertOne({ a: 2 }).catch(() => undefined);
      return pidOf('mongod') !== killed && (await rows.countDocuments().catch(() => 0)) >= 2;
    });
    expect(await rows.countDocuments({ a: 1 })).toBe(1);
  });

  process.kill(pidOf('s3'), 'SIGKILL');
  await until('S3 answers', async () => (await fetch(s3).catch(() => undefined))?.status === 403);
});

test('with --watch a saved file is loaded, a broken one answers 500, and a repaired one works again', async () => {
  const { root, start, ready } = given();
  const { api } = await ready(start(['--watch']));
  const file = join(root, 'functions/echo.ts');
  const serves = (version: number) =>
    until(`version ${version} answers`, async () => {
      const answer = await call(api).catch(() => undefined);
      return answer?.version === version;
    });
  await serves(1);
  writeFileSync(file, 'export const handler = async () => ({ version: 2 });');
  await serves(2);
  writeFileSync(file, 'export const handler = async () => ({ version: 3 ');
  await until('it is a 500', async () => (await fetch(api).catch(() => undefined))?.status === 500);
  writeFileSync(file, 'export const handler = async () => ({ version: 4 });');
  await serves(4);
});
