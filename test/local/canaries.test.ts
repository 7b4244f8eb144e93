import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readState } from '../../src/local/stack/state.ts';
import { times } from '../harness/times.ts';
import { until } from '../harness/until.ts';

type Json = Record<string, string>;

const dir = await mkdtemp(join(tmpdir(), 'mixdown-canaries-'));
const script = fileURLToPath(new URL('../../scripts/start.ts', import.meta.url));
const started = spawn(process.execPath, [script], {
  env: { ...process.env, DATA_DIR: dir, PORT: '0', LOG_LEVEL: 'DEBUG' },
});
let printed = '';
for (const stream of [started.stdout, started.stderr]) {
  stream.setEncoding('utf8').on('data', (text) => {
    printed += text;
  });
}
let api = '';

beforeAll(async () => {
  await until(
    () => `it is ready: ${printed}`,
    () => printed.includes('ready  api '),
  );
  api = readState(dir)?.api ?? '';
});
afterAll(async () => {
  const ended = once(started, 'close');
  started.kill('SIGTERM');
  await ended;
  await rm(dir, { recursive: true, force: true });
});

async function ask(method: string, path: string, body: object, token = ''): Promise<Json> {
  const answer = await fetch(api + path, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(token && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  return text ? (JSON.parse(text) as Json) : {};
}

/** The token of the last mail that leads to a page. */
async function findToken(page: string): Promise<string | undefined> {
  const folder = join(dir, 'mail');
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));
  const mails = names.sort().map((name) => readFile(join(folder, name)));
  const tokens = (await Promise.all(mails)).map((mail) =>
    new RegExp(`${page}#token=([\\w-]+)`).exec(mail.toString()),
  );
  return tokens.findLast((found) => found)?.[1];
}

/** All that the parts of the stack have written into files that are no data. */
async function readLogs(): Promise<string> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const logs = entries.filter((e) => e.isFile() && e.name.endsWith('.log'));
  expect(logs.map((e) => e.name)).toContain('mongod.log');
  const texts = await Promise.all(logs.map((e) => readFile(join(e.parentPath, e.name), 'utf8')));
  return [...texts, printed].join('\n');
}

test('after a storm of conflicts no log has a password, its hash, a token, a key or a prompt', async () => {
  const canaries: string[] = [];
  const plant = (text: string) => {
    canaries.push(text);
    return text;
  };
  const email = 'canary@example.com';
  let password = plant('canary password 0');
  const signedIn = await ask('POST', '/v1/auth/register', { email, username: 'canary', password });
  const { accessToken = '', refreshToken = '', deviceToken = '' } = signedIn;
  for (const token of [accessToken, refreshToken, deviceToken]) plant(token);
  const apiKey = plant('rpa_canary_key_of_an_account');
  const configuration = { name: 'Ours', apiKey };
  const { id } = await ask('POST', '/v1/runpod/configurations', configuration, accessToken);
  const workflow = {
    name: 'A workflow',
    description: plant('a canary of a prompt'),
    workflow: { 1: { class_type: 'CLIPTextEncode', inputs: { text: plant('canary prompt') } } },
  };
  const made = await ask('POST', '/v1/comfyui/workflows', workflow, accessToken);

  for (let round = 1; round <= 4; round++) {
    const newPassword = plant(`canary password ${round}`);
    const current = password;
    await Promise.all([
      ...times(4, () => ask('POST', '/v1/auth/login', { login: email, password: current })),
      ...times(4, () =>
        ask('POST', '/v1/auth/login', { login: email, password: plant(`canary guess ${round}`) }),
      ),
      ...times(8, () =>
        ask('POST', '/v1/auth/password', { currentPassword: current, newPassword }, accessToken),
      ),
      ...times(8, () => ask('POST', '/v1/auth/refresh', { refreshToken: `${refreshToken}x` })),
      ...times(8, (n) =>
        ask(
          'PATCH',
          `/v1/runpod/configurations/${id}`,
          { apiKey: plant(`rpa_canary_${round}_${n}`) },
          accessToken,
        ),
      ),
      ...times(8, (n) =>
        ask(
          'PATCH',
          `/v1/comfyui/workflows/${made.id}`,
          { description: plant(`canary prompt ${round} ${n}`) },
          accessToken,
        ),
      ),
    ]);
    password = newPassword;
  }
  await ask('POST', '/v1/auth/password-reset', { email });
  const reset = plant(await until('the mail is there', () => findToken('reset-password')));
  plant(await until('the other mail is there', () => findToken('verify-email')));
  await Promise.all(
    times(8, (n) =>
      ask('POST', '/v1/auth/password-reset/confirm', {
        token: reset,
        password: plant(`canary reset ${n}`),
      }),
    ),
  );
  const logs = await readLogs();
  expect(canaries.length).toBeGreaterThan(12);
  expect(canaries.filter((text) => logs.includes(text))).toEqual([]);
  expect(logs).not.toMatch(/\$argon2/);
  // It was a storm: otherwise this shows nothing.
  expect(logs).toMatch(/WriteConflict/);
  expect(logs).toContain('sign-in-failed');
});
