import '../harness/place.ts';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { expect, test, vi } from 'vitest';
import { handler as runJobs } from '../../functions/run-jobs.ts';
import { entities } from '../../src/data/entity.ts';
import { UUID } from '../../src/data/ids.ts';
import { ComfyUIWorkflowConfig, User } from '../../src/models/index.ts';
import { log } from '../../src/providers/log.ts';
import { adminCollection, adminDatabase } from '../harness/admin.ts';
import { invocation, sqsEvent } from '../harness/invocations.ts';
import { api, place } from '../harness/place.ts';

place({ worker: false });

const canaries = {
  address: 'canary-of-ada@example.com',
  newAddress: 'canary-of-grace@example.com',
  username: 'canary_ada',
  displayName: 'Canary Lovelace',
  password: 'canary password of nine words',
  apiKey: 'rpa_CANARY_KEY_OF_AN_ACCOUNT',
  environment: 'hf_CANARY_TOKEN_OF_A_MODEL',
  prompt: 'a canary of a prompt, at dawn',
  graphText: 'a canary within a graph',
  device: 'CanaryBrowser/1.0',
  lyrics: 'canary, canary, where have you been',
  webhookPath: 'canary-hook-of-nobody',
};

/** What the functions have logged, and the answers that were errors. */
let logged = '';
let refusals = '';

async function call(method: string, path: string, body?: unknown, token = '') {
  const answer = await fetch(api + path, {
    method,
    headers: {
      'content-type': 'application/json',
      'user-agent': canaries.device,
      ...(token && { authorization: `Bearer ${token}` }),
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (answer.status >= 400) refusals += text;
  return { status: answer.status, body: (text ? JSON.parse(text) : {}) as Record<string, string> };
}

/** All messages of all queues. */
async function readQueues(): Promise<string> {
  const client = new SQSClient({
    endpoint: process.env.SQS_ENDPOINT as string,
    region: 'us-east-1',
  });
  const urls = Object.entries(process.env).filter(([name]) => name.endsWith('_QUEUE_URL'));
  let text = '';
  for (const [, QueueUrl] of urls) {
    for (;;) {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 600 }),
      );
      text += JSON.stringify(Messages);
      if (Messages.length === 0) break;
    }
  }
  client.destroy();
  return text;
}

interface SentMail {
  to: string;
  text: string;
  /** What its link has, if it has one. */
  token: string | undefined;
}

async function readMails(): Promise<SentMail[]> {
  const dir = process.env.MAIL_DIR as string;
  const names = (await readdir(dir)).filter((name) => name.endsWith('.json'));
  const texts = await Promise.all(names.map((name) => readFile(join(dir, name), 'utf8')));
  return texts.map((text) => ({
    to: (JSON.parse(text) as { to: string }).to,
    text,
    token: /#token=([\w-]+)/.exec(text)?.[1],
  }));
}

test('twelve canaries are in no log, no error, no queue message, and no mail but their own', async () => {
  log.setLogLevel('DEBUG');
  const { console: out } = log as never as { console: Console };
  for (const level of ['debug', 'info', 'warn', 'error'] as const) {
    vi.spyOn(out, level).mockImplementation((line) => {
      logged += `${line}\n`;
    });
  }
  const c = canaries;
  const account = { email: c.address, username: c.username, password: c.password };
  const profile = { ...account, displayName: c.displayName };
  const signedIn = await call('POST', '/v1/auth/register', profile);
  expect(signedIn.status).toBe(201);
  const { accessToken: token = '', refreshToken = '', deviceToken = '' } = signedIn.body;
  const made = async (path: string, body: object) => {
    const answer = await call('POST', path, body, token);
    expect(answer.status, path).toBe(201);
    return answer.body as { id: string; signingSecret?: string };
  };
  const graph = { 1: { class_type: 'T', inputs: { text: c.graphText, also: c.prompt } } };
  const { id: workflow } = await made('/v1/comfyui/workflows', { name: 'W', graph });
  const { id: key } = await made('/v1/runpod/configurations', { name: 'R', apiKey: c.apiKey });
  await made('/v1/runpod/templates', { name: 'T', image: 'a/b:c', env: { T: c.environment } });
  const { signingSecret: webhookSecret = '' } = await made('/v1/webhook-endpoints', {
    url: `http://127.0.0.1:9/${c.webhookPath}`,
    events: ['*'],
  });

  // Refusals of every kind: taken, not valid, not JSON, wrong, unknown, not there.
  await call('POST', '/v1/auth/register', profile);
  await call('POST', '/v1/auth/register', `{"email":"${c.address}","password":"${c.password}`);
  await call('POST', '/v1/auth/register', { ...profile, email: { $ne: c.address } });
  for (let n = 0; n < 12; n++) {
    await call('POST', '/v1/auth/login', { login: c.address, password: `${c.password}${n}` });
  }
  await call('POST', '/v1/auth/refresh', { refreshToken: `${refreshToken}x` });
  await call('PATCH', `/v1/comfyui/workflows/${workflow}`, { graph: { 1: c.graphText } }, token);
  await call('PATCH', `/v1/comfyui/workflows/${workflow}`, { description: [c.prompt] }, token);
  await call(
    'PATCH',
    `/v1/runpod/configurations/${key}`,
    { apiKey: `${c.apiKey}`.repeat(20) },
    token,
  );
  const email = { email: c.newAddress, password: c.password };
  expect((await call('POST', '/v1/auth/email', email, token)).status).toBe(202);
  await call('POST', '/v1/auth/password-reset', { email: c.address });

  // Faults of ours: what does not decrypt, what the database refuses or does not allow.
  const spoil = { $set: { 'graph.bytes': Buffer.from(c.graphText.repeat(9)) } };
  await adminCollection(ComfyUIWorkflowConfig).updateOne({ _id: new UUID(workflow) }, spoil);
  expect((await call('GET', `/v1/comfyui/workflows/${workflow}`, undefined, token)).status).toBe(
    500,
  );
  const admin = adminDatabase().client.db('admin');
  const data = {
    failCommands: ['findAndModify', 'update', 'insert'],
    errorCode: 13,
    namespace: `${adminDatabase().databaseName}.${User.collectionName}`,
  };
  await admin.command({ configureFailPoint: 'failCommand', mode: { times: 3 }, data });
  await call('PATCH', '/v1/users/me', { displayName: c.displayName, bio: c.lyrics }, token);
  await call('POST', '/v1/auth/login', { login: c.address, password: c.password });
  await admin.command({ configureFailPoint: 'failCommand', mode: 'off' });

  let messages = await readQueues();
  for (let n = 0; n < 20; n++) await runJobs(sqsEvent('{}'), invocation());
  const mails = await readMails();
  // Each token of a mail is used, as what it is, as something else, and once more.
  const tokens = mails.flatMap((mail) => mail.token ?? []);
  for (const token of [...tokens, ...tokens]) {
    await call('POST', '/v1/auth/password-reset/confirm', { token, password: c.password });
    await call('POST', '/v1/auth/verify-email', { token });
  }
  for (let n = 0; n < 20; n++) await runJobs(sqsEvent('{}'), invocation());
  mails.push(...(await readMails()).slice(mails.length));
  messages += await readQueues();

  expect(logged).toContain('Security event.');
  expect(logged).toContain('"level":"ERROR"');
  expect(messages).toContain('queue');
  expect(tokens.length).toBeGreaterThan(2); // of three kinds of mail
  expect(webhookSecret).toMatch(/^whsec_/);
  const ofMails = Object.fromEntries(tokens.map((it, n) => [`token ${n} of a mail`, it]));
  const secrets = { ...canaries, token, refreshToken, deviceToken, webhookSecret, ...ofMails };
  const found = Object.entries(secrets).flatMap(([name, secret]) => [
    ...(logged.includes(secret) ? [`${name} in a log`] : []),
    ...(refusals.includes(secret) ? [`${name} in an error`] : []),
    ...(messages.includes(secret) ? [`${name} in a message of a queue`] : []),
    // One’s own mail may name one’s own address and device, and has a token of its own.
    ...mails
      .filter((mail) => omitOwn(mail).includes(secret))
      .map(({ to }) => `${name} in a mail to ${to}`),
  ]);
  expect(found).toEqual([]);
  // Those that are encrypted are nowhere in the database.
  const documents = await Promise.all(
    [...entities.values()].map((entity) => adminCollection(entity).find().toArray()),
  );
  const stored = JSON.stringify(documents);
  const encrypted = [c.password, c.apiKey, c.environment, c.prompt, c.graphText];
  for (const secret of [...encrypted, token, refreshToken, deviceToken, webhookSecret, ...tokens])
    expect(stored).not.toContain(secret);
});

function omitOwn({ to, text, token }: SentMail): string {
  const own = [to, canaries.device, ...(token ? [token] : [])];
  return own.reduce((left, mine) => left.replaceAll(mine, ''), text);
}
