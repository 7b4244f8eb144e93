import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../harness/until.ts';

const ROUNDS = Number(process.env.KILLS ?? 3);
const MINUTES_3 = 180_000;
const run = promisify(execFile);

let dir: string;
let song: Buffer;
let stack: ChildProcess;
let token: string;
let project: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mixdown-kills-'));
  const file = join(dir, 'song.mp3');
  const tone = 'aevalsrc=0.4*sin(2*PI*220*t)*lt(mod(t\\,0.5)\\,0.1):s=44100:d=240';
  await run(process.env.FFMPEG_PATH ?? 'ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', tone, file]);
  song = await readFile(file);
  await start();
  const account = { email: 'k@example.com', username: 'kill', password: 'correct horse battery' };
  token = (await call('POST', '/v1/auth/register', account)).accessToken as string;
  project = (await call('POST', '/v1/projects', { name: 'Killed' })).id as string;
});

afterAll(async () => {
  stack.kill('SIGTERM');
  await once(stack, 'exit');
  await rm(dir, { recursive: true, force: true });
});

for (let round = 1; round <= ROUNDS; round++) {
  test(`round ${round}: the worker is killed in the middle of an analysis`, async () => {
    const track = await uploaded();
    await untilProcessing(track);
    process.kill(await pidOf('worker'), 'SIGKILL');
    await expectReadyOnce(track);
  });

  test(`round ${round}: mongod is killed in the middle of an analysis`, async () => {
    const track = await uploaded();
    await untilProcessing(track);
    process.kill(await pidOf('mongod'), 'SIGKILL');
    await expectReadyOnce(track);
  });

  test(`round ${round}: the whole stack is killed in the middle of an analysis`, async () => {
    const track = await uploaded();
    await untilProcessing(track);
    await killAll();
    await start();
    await signIn();
    await expectReadyOnce(track);
  });

  test(`round ${round}: the whole stack is killed in the middle of an upload`, async () => {
    const track = await created();
    const { url, headers } = track.upload;
    const whole = { ...headers, 'content-length': song.length };
    const sending = request(url, { method: 'PUT', headers: whole });
    const end = new Promise<string>((resolve) => {
      sending.once('error', () => resolve('broken off'));
      // S3 waits for the other half.
      sending.once('response', ({ statusCode }) => resolve(`answered ${statusCode}`));
    });
    await promisify((sent: () => void) => sending.write(song.subarray(0, song.length / 2), sent))();
    await killAll();
    expect(await end).toBe('broken off');
    await start();
    await signIn();
    await put(track);
    await expectReadyOnce(track);
  });

  test(`round ${round}: the whole stack is killed as soon as S3 has the bytes`, async () => {
    const track = await uploaded();
    await killAll();
    await start();
    await signIn();
    await expectReadyOnce(track);
  });
}

test('while the database is a black hole, every call ends in a 503 within 5 s', async () => {
  const mongod = await pidOf('mongod');
  const api = await base();
  const authorization = `Bearer ${token}`;
  await call('GET', '/v1/projects');
  process.kill(mongod, 'SIGSTOP');
  try {
    const paths = ['/v1/projects', '/v1/tracks', '/v1/users/me?include=projects', '/v1/settings'];
    const ask = async (path: string, n: number) => {
      const start = performance.now();
      const patch = n % 2 ? { method: 'PATCH', body: '{"preferences":{"a":1}}' } : {};
      const headers = { authorization, 'content-type': 'application/json' };
      const where = n % 2 ? '/v1/settings' : path;
      const { status } = await fetch(api + where, { ...patch, headers });
      return { status, late: performance.now() - start > 5000 };
    };
    const answers = await Promise.all([...paths, ...paths, ...paths, ...paths].map(ask));
    expect(answers).toEqual(answers.map(() => ({ status: 503, late: false })));
  } finally {
    process.kill(mongod, 'SIGCONT');
  }
  await until('it answers again', async () => {
    const answer = call('GET', '/v1/projects');
    return answer.catch(() => undefined);
  });
});

interface Track {
  id: string;
  status: string;
  progress: number;
  filePath: string;
  error?: object;
  upload: { url: string; headers: Record<string, string> };
}

async function start(): Promise<void> {
  stack = spawn(process.execPath, [resolve('scripts/start.ts')], {
    env: { ...process.env, DATA_DIR: dir, PORT: '0', LOG_LEVEL: 'ERROR' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  stack.stdout?.on('data', (text) => {
    said += text;
  });
  stack.stderr?.on('data', (text) => {
    said += text;
  });
  await until('the stack is ready', () => /^ready/m.test(said), 60_000).catch((error) => {
    throw new Error(`${error.message}\n${said}`);
  });
}

/** Everything at once, as a power cut would: the supervisor's children lose their parent. */
async function killAll(): Promise<void> {
  const pids = await Promise.all(['worker', 'gateway', 'mongod', 's3'].map(pidOf));
  for (const pid of [stack.pid as number, ...pids]) process.kill(pid, 'SIGKILL');
  await once(stack, 'exit');
}

async function pidOf(name: string): Promise<number> {
  return JSON.parse(await readFile(join(dir, 'run', `${name}.json`), 'utf8')).pid;
}

async function base(): Promise<string> {
  return JSON.parse(await readFile(join(dir, 'local.json'), 'utf8')).api;
}

async function call(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
  const response = await fetch((await base()) + path, {
    method,
    headers: {
      ...(body && { 'content-type': 'application/json' }),
      ...(token && { authorization: `Bearer ${token}` }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!response.ok)
    throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Record<string, unknown>;
}

async function signIn(): Promise<void> {
  const login = { login: 'kill', password: 'correct horse battery' };
  token = (await call('POST', '/v1/auth/login', login)).accessToken as string;
}

async function created(): Promise<Track> {
  const file = { fileName: 's.mp3', contentType: 'audio/mpeg', size: song.length };
  return (await call('POST', '/v1/tracks', { name: 'S', project, ...file })) as unknown as Track;
}

async function put({ upload }: Track): Promise<void> {
  const sent = await fetch(upload.url, { method: 'PUT', headers: upload.headers, body: song });
  expect(sent.status).toBe(200);
}

async function uploaded(): Promise<Track> {
  const track = await created();
  await put(track);
  return track;
}

async function untilProcessing(track: Track): Promise<void> {
  await until(
    'it is being analysed',
    async () => {
      const now = (await call('GET', `/v1/tracks/${track.id}`)) as unknown as Track;
      return now.status === 'PROCESSING' && now.progress > 10;
    },
    MINUTES_3,
  );
}

/** READY in the end, by one job that completed, with one set of derivatives and nothing beside it. */
async function expectReadyOnce(track: Track): Promise<void> {
  await until(
    'it is READY',
    async () => {
      const asked = call('GET', `/v1/tracks/${track.id}`) as Promise<unknown>;
      // While mongod is down the answer is a 503: ask again.
      const now = (await asked.catch(() => undefined)) as Track | undefined;
      expect(now?.error).toBeUndefined();
      return now?.status === 'READY';
    },
    MINUTES_3,
  );
  const { data } = (await call('GET', `/v1/jobs?project=${project}&limit=100`)) as unknown as {
    data: { input: { document: string }; status: string; attempts: number }[];
  };
  const mine = data.filter((job) => job.input.document === track.id);
  expect(mine).toMatchObject([{ status: 'COMPLETED', attempts: 0 }]);
  const folder = join(dir, 's3', 'mixdown-media', track.filePath, '..', 'derivatives');
  const sets = await until('the sets are cleared', async () => {
    const found = await readdir(folder);
    return found.length === 1 && found;
  });
  expect((await readdir(join(folder, sets[0] as string))).sort()).toEqual(['preview', 'waveform']);
}
