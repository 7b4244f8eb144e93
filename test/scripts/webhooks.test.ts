import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Webhook } from 'standardwebhooks';
import { expect, onTestFinished, test } from 'vitest';
import { given, PASSWORD } from '../harness/given.ts';
import { api } from '../harness/place.ts';
import { startReceiver, status } from '../harness/receiver.ts';
import { until } from '../harness/until.ts';
import type { Endpoint } from '../harness/webhooks.ts';
import { run } from './run.ts';

test('listen prints what arrives, forwards it as it came, and deletes its endpoint at the end', async () => {
  const [alice, own] = [await given.user(), await startReceiver(status(202))];
  onTestFinished(() => own.stop());
  const args = ['scripts/webhooks.ts', 'listen', '--email', alice.email, '--forward', own.url];
  const env = { ...process.env, API_URL: api, PASSWORD };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let printed = '';
  child.stdout.on('data', (part) => {
    printed += part;
  });
  const secret = await until('it listens', () => /Signing secret: (\S+)/.exec(printed)?.[1]);
  const endpoints = async () => {
    const { body } = await alice.get<{ data: Endpoint[] }>('/v1/webhook-endpoints');
    return body.data;
  };
  const [endpoint] = await endpoints();
  await alice.post(`/v1/webhook-endpoints/${endpoint?.id}/test`);
  const [arrived] = await until('it is forwarded', () => own.received.length > 0 && own.received);
  const { text, headers, body } = arrived as (typeof own.received)[number];
  expect(new Webhook(secret).verify(text, headers)).toEqual(body);
  await until('it is printed', () => /webhook\.test .*\n.* answered 202/.test(printed));
  child.kill('SIGTERM');
  await once(child, 'close');
  expect(await endpoints()).toEqual([]);
});

test('what cannot be done is said in one sentence', async () => {
  const listens = (args: string[], env: Record<string, string> = {}) =>
    run('webhooks', args, { API_URL: api, PASSWORD: '', ...env });
  for (const args of [[], ['forward'], ['listen', '--nonsense']]) {
    expect(await listens(args)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^Usage: npm run webhooks/),
    });
  }
  const refused = {
    'x is no URL.': ['--forward', 'x'],
    'Put the password of the account into the variable PASSWORD.': ['--email', 'a@example.com'],
  };
  for (const [stderr, args] of Object.entries(refused)) {
    expect(await listens(['listen', ...args])).toEqual({
      code: 1,
      stdout: '',
      stderr: `${stderr}\n`,
    });
  }
  const unknown = await listens(['listen', '--events', 'song.done']);
  expect(unknown.stderr).toMatch(/^The API answered 422: events\.0/);
});
