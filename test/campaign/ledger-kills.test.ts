import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { times } from '../harness/times.ts';
import { until } from '../harness/until.ts';

const run = promisify(execFile);
const NOBODY = '00000000-0000-7000-8000-000000000000';
const [SPENDS, CLIENTS, BALANCE, KILLS] = [2000, 64, 500, 3];
/** In s, on a machine that does nothing else. */
const WITHIN = Number(process.env.WITHIN ?? 60);
const PASSWORD = 'correct horse battery';

let dir: string;
let stack: ChildProcess;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mixdown-ledger-kills-'));
  const PRICES = JSON.stringify([
    { version: 'of-tests', from: '2020-01-01T00:00:00Z', prices: { reprocess: { job: 1 } } },
  ]);
  const own = {
    DATA_DIR: dir,
    PORT: '0',
    LOG_LEVEL: 'SILENT',
    PRICES,
    CALLS_PER_MINUTE: '1000000',
  };
  env = { ...process.env, ...own };
  const file = resolve('scripts/start.ts');
  stack = spawn(process.execPath, [file], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  stack.stdout?.on('data', (text) => {
    said += text;
  });
  await until('the stack is ready', () => /^ready/m.test(said), 110_000);
});

afterAll(async () => {
  stack.kill('SIGTERM');
  await once(stack, 'exit');
  await rm(dir, { recursive: true, force: true });
});

const base = async () => JSON.parse(await readFile(join(dir, 'local.json'), 'utf8')).api as string;

async function call(method: string, path: string, token = '', body?: object, key?: string) {
  const response = await fetch((await base()) + path, {
    method,
    headers: {
      ...(body && { 'content-type': 'application/json' }),
      ...(token && { authorization: `Bearer ${token}` }),
      ...(key && { 'idempotency-key': key }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  // What the tests read of it, they know.
  const answer = (await response.json()) as Record<string, string> & { user: { id: string } };
  return { status: response.status, body: answer };
}

async function register(name: string): Promise<{ id: string; token: string }> {
  const account = { email: `${name}@example.com`, username: name, password: PASSWORD };
  const { body } = await call('POST', '/v1/auth/register', '', account);
  return { id: body.user.id, token: body.accessToken as string };
}

test(`of ${SPENDS} spends exactly ${BALANCE} happen in the end, though mongod is killed ${KILLS} times`, async () => {
  const [alice] = [await register('alice'), await register('root')];
  await run(process.execPath, ['scripts/admin.ts', 'grant', 'root@example.com'], { env });
  const login = { login: 'root', password: PASSWORD };
  const root = (await call('POST', '/v1/auth/login', '', login)).body.accessToken;
  const gift = { user: alice.id, amount: BALANCE, reason: 'for a test' };
  expect((await call('POST', '/v1/credits/grants', root, gift)).status).toBe(201);

  let done = 0;
  let next = 0;
  const ends: number[] = [];
  /** How often something was answered, 0 where nothing was. */
  const answers = new Map<number, number>();
  const spendOne = async (n: number) => {
    const body = { type: 'reprocess', input: { kind: 'TRACK', media: [NOBODY] } };
    // Tried until it is answered, with its key.
    return until(
      `spend ${n} is answered`,
      async () => {
        const asked = call('POST', '/v1/jobs', alice.token, body, `spend-${n}`);
        const { status } = await asked.catch(() => ({ status: 0 }));
        answers.set(status, (answers.get(status) ?? 0) + 1);
        return [202, 402].includes(status) && status;
      },
      120_000,
    );
  };
  const began = performance.now();
  const spending = Promise.all(
    times(CLIENTS, async () => {
      while (next < SPENDS) {
        ends.push(await spendOne(next++));
        done++;
      }
    }),
  );
  for (let kill = 1; kill <= KILLS; kill++) {
    await until('some are done', () => done >= (kill * SPENDS) / (KILLS + 2), 120_000);
    const { pid } = JSON.parse(await readFile(join(dir, 'run', 'mongod.json'), 'utf8'));
    process.kill(pid, 'SIGKILL');
  }
  await spending;
  const seconds = (performance.now() - began) / 1000;
  const accepted = ends.filter((status) => status === 202).length;
  console.log(
    `${accepted} accepted, ${ends.length - accepted} refused, in ${seconds.toFixed(1)} s; answers:`,
    Object.fromEntries(answers),
  );
  expect([accepted, ends.length]).toEqual([BALANCE, SPENDS]);
  const verified = await run(process.execPath, ['scripts/ledger.ts', 'verify'], { env });
  console.log(verified.stdout);
  expect(verified.stdout).toMatch(/All of them are as they were written/);
  expect(seconds).toBeLessThan(WITHIN);
});
