import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { chance } from '../harness/chance.ts';
import type { Doc } from '../harness/given.ts';
import { goOn, type Part, type PartsUpload, type Sent } from '../harness/part-uploads.ts';
import { until } from '../harness/until.ts';

const GB = Number(process.env.UPLOAD_GB ?? 5);
const BREAKS = 10;
const MIB = 1024 * 1024;

let dir: string;
let stack: ChildProcess;
let api: string;
/** The API's process. */
let pid: number;

// On a disk, with the API in a process of its own, whose memory is looked at.
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mixdown-uploads-'));
  stack = spawn(process.execPath, [resolve('scripts/start.ts')], {
    env: { ...process.env, DATA_DIR: dir, PORT: '0', LOG_LEVEL: 'ERROR' },
    stdio: 'ignore',
  });
  const says = async (name: string) => JSON.parse(await readFile(join(dir, name), 'utf8'));
  const isUp = async () => {
    api = (await says('local.json')).api;
    return (await fetch(`${api}/health`)).ok;
  };
  await until('the stack is up', () => isUp().catch(() => false), 120_000);
  pid = (await says('run/gateway.json')).pid;
});

afterAll(async () => {
  stack.kill('SIGTERM');
  await once(stack, 'exit');
  await rm(dir, { recursive: true, force: true });
});

test(`${GB} GB that break ${BREAKS} times send each part at most once more`, async () => {
  const random = chance();
  const size = GB * 1_000_000_000;
  const token = await registered();
  const { id, upload } = await call<{ id: string; upload: PartsUpload }>(token, '/v1/videos', {
    ...{ name: 'Large', fileName: 'large.mp4', contentType: 'video/mp4', size },
  });
  const path = `/v1/videos/${id}`;
  const { partSize, partCount } = upload;
  // Sparse: all zeros but the part's own number, so that no two parts are alike.
  const content = (part: { partNumber: number; size: number }) => {
    const buffer = Buffer.alloc(part.size);
    buffer.writeUInt32BE(part.partNumber, 0);
    return buffer;
  };
  const sent: Sent = new Map();
  const began = performance.now();
  const before = memoryOfApi();
  let highest = before;
  const watch = setInterval(() => {
    highest = Math.max(highest, memoryOfApi());
  }, 200);
  onTestFinished(() => clearInterval(watch));
  const client = { token, api };
  const most = Math.floor(partCount / (BREAKS + 1));
  for (let n = 0; n < BREAKS; n++) {
    const breakAfter = Math.min(most, 8) + random.below(Math.max(1, most - 8));
    expect(await goOn(client, path, content, sent, { breakAfter })).toBeUndefined();
  }
  const parts = (await goOn(client, path, content, sent)) as Part[];
  const uploaded = performance.now();
  const named = parts.map(({ partNumber, etag }) => ({ partNumber, etag }));
  const done = await call<Doc>(token, `${path}/upload/complete`, { parts: named });
  const isThere = async () => (await call<Doc>(token, path)).status !== 'AWAITING_UPLOAD';
  await until('S3 has put the parts together', isThere, 300_000);
  const completed = performance.now();
  clearInterval(watch);
  const total = [...sent.values()].reduce((a, b) => a + b);
  console.table({
    parts: partCount,
    sent: total,
    'most of one part': Math.max(...sent.values()),
    'seconds to send': ((uploaded - began) / 1000).toFixed(1),
    'seconds to complete': ((completed - uploaded) / 1000).toFixed(1),
    'completed by a job': done.job !== undefined,
    'API before, MB': before.toFixed(0),
    'API at most, MB': highest.toFixed(0),
  });
  expect(Math.max(...sent.values())).toBeLessThanOrEqual(2);
  expect(highest - before).toBeLessThan(100);
  const hash = createHash('sha256');
  for (let n = 1; n <= partCount; n++) {
    hash.update(content({ partNumber: n, size: Math.min(partSize, size - (n - 1) * partSize) }));
  }
  expect(await checksumOf(token, path)).toBe(hash.digest('base64'));
}, 1_800_000);

async function checksumOf(token: string, path: string): Promise<string> {
  const { url } = await call<{ url: string }>(token, `${path}/file`);
  const { body } = await fetch(url);
  const hash = createHash('sha256');
  for await (const chunk of body as ReadableStream<Uint8Array>) hash.update(chunk);
  return hash.digest('base64');
}

/** What the API's process holds, in MB. */
function memoryOfApi(): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return (Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024) / MIB;
}

async function registered(): Promise<string> {
  const account = {
    email: 'u@example.com',
    username: 'uploads',
    password: 'correct horse battery',
  };
  return (await call<{ accessToken: string }>('', '/v1/auth/register', account)).accessToken;
}

async function call<T = unknown>(token: string, path: string, body?: unknown): Promise<T> {
  const answer = await fetch(api + path, {
    method: body ? 'POST' : 'GET',
    headers: {
      'content-type': 'application/json',
      ...(token && { authorization: `Bearer ${token}` }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json() as Promise<T>;
}
