import { afterAll, beforeAll, expect, test } from 'vitest';
import { addKey, LEAD } from '../../scripts/secrets/rotation.ts';
import { until } from '../harness/until.ts';
import { melody, wav } from '../samples/audio.ts';
import { PASSWORD, startLambda } from './support/cloud.ts';

type Json = Record<string, unknown>;

let lambda: Awaited<ReturnType<typeof startLambda>>;
beforeAll(async () => {
  lambda = await startLambda({ worker: true });
});
afterAll(() => lambda?.stop());

let accounts = 0;

/** Somebody who has registered. */
async function register() {
  const username = `lambda${accounts++}`;
  const body = { email: `${username}@example.com`, username, password: PASSWORD };
  const answer = await lambda.call('POST', '/v1/auth/register', { body });
  expect(answer.status, answer.text).toBe(201);
  const { accessToken: token, refreshToken } = answer.body as Record<string, string>;
  return { token, refreshToken, login: username };
}

async function create(token: string | undefined, path: string, body: Json): Promise<Json> {
  const answer = await lambda.call('POST', path, { token, body });
  expect(answer.status, answer.text).toBe(201);
  return answer.body;
}

const kidOf = (token = '') =>
  JSON.parse(Buffer.from(token.split('.')[0] as string, 'base64url').toString()).kid as string;

test('a song is uploaded and processed, from registration to READY', async () => {
  const { token } = await register();
  const project = await create(token, '/v1/projects', { name: 'First light' });
  const bytes = wav(melody([60, 62, 64, 65, 67, 69, 71, 72], 4));
  const file = { fileName: 'song.wav', contentType: 'audio/wav', size: bytes.length };
  const track = await create(token, '/v1/tracks', { project: project.id, name: 'Song', ...file });
  const { url, method, headers } = track.upload as { url: string } & RequestInit;
  const sent = await fetch(url, { method, headers, body: Buffer.from(bytes) } as RequestInit);
  expect(sent.status).toBe(200);
  const done = await until(
    () => `the track is READY: ${lambda.packaged.log('runMediaJobs')}`,
    async () => {
      const { body } = await lambda.call('GET', `/v1/tracks/${track.id}`, { token });
      return ['READY', 'FAILED'].includes(body.status as string) && body;
    },
  );
  expect(done).toMatchObject({ status: 'READY', audio: { channels: 1 } });
  // Each of them ran in the cloud's place of it: by an event of S3, and by a message.
  for (const name of ['mediaUploaded', 'runMediaJobs', 'sealAudit'])
    await until(`${name} ran`, () => lambda.packaged.log(name).includes('END RequestId'));
  for (const name of ['auth', 'projects', 'tracks', 'runMediaJobs'])
    expect(lambda.packaged.log(name), name).not.toContain('code cache');
});

/** What Lambda counts: the answer as the function returns it, a JSON text in JSON. */
const sizeForLambda = (text: string) => JSON.stringify({ body: text }).length;

test('tracks that are over 6 MB together are answered in pages of 5 MB at most, with a cursor', async () => {
  const { token } = await register();
  const project = await create(token, '/v1/projects', { name: 'Long lyrics' });
  const file = { fileName: 'song.mp3', contentType: 'audio/mpeg', size: 1000 };
  // A quotation mark takes four bytes in an answer: twice escaped.
  const long = { project: project.id, lyrics: '"'.repeat(20_000), ...file };
  const made: unknown[] = [];
  for (let n = 0; n < 80; n++)
    made.push((await create(token, '/v1/tracks', { name: `Song ${n}`, ...long })).id);
  const seen: unknown[] = [];
  let cursor: unknown;
  do {
    const next = cursor ? `&cursor=${encodeURIComponent(String(cursor))}` : '';
    const answer = await lambda.call('GET', `/v1/tracks?limit=100${next}`, { token });
    expect(answer.status, answer.text.slice(0, 300)).toBe(200);
    expect(sizeForLambda(answer.text)).toBeLessThanOrEqual(5_000_000);
    const { data, nextCursor } = answer.body as { data: Json[]; nextCursor?: string };
    seen.push(...data.map(({ id }) => id));
    cursor = nextCursor;
  } while (cursor);
  expect(seen.toSorted()).toEqual(made.toSorted());
});

test('while keys are rotated, functions with old and new secrets accept each other’s tokens', async () => {
  const { packaged, keys, save, manager } = lambda;
  const before = await register();
  const isAccepted = async (token: string | undefined, path: string) =>
    (await lambda.call('GET', path, { token })).status === 200;
  expect(await isAccepted(before.token, '/v1/projects')).toBe(true);

  // The new keys have waited, but not every function has read them yet.
  const past = Date.now() - LEAD;
  save({
    TOKEN_KEYS: addKey('TOKEN_KEYS', keys.TOKEN_KEYS, past),
    APP_SECRET: addKey('APP_SECRET', [{ secret: keys.APP_SECRET }], past),
  });
  await packaged.restart('auth'); // as after its cold start
  const body = { login: before.login, password: PASSWORD };
  const after = (await lambda.call('POST', '/v1/auth/login', { body })).body as {
    accessToken: string;
  };
  expect(kidOf(after.accessToken)).not.toBe(kidOf(before.token));

  // `projects` began with the old secrets: for the unknown key it reads them anew.
  const reads = manager.calls.length;
  await until('the new token is accepted', () => isAccepted(after.accessToken, '/v1/projects'));
  // A worker that begins meanwhile reads them, too.
  expect(manager.calls.length - reads).toBeLessThanOrEqual(2);
  expect(manager.calls.length).toBeGreaterThan(reads);
  // A function that begins with the new secrets knows the old key, too.
  await packaged.restart('users');
  expect(await isAccepted(before.token, '/v1/users/me')).toBe(true);
  const { refreshToken } = before;
  const refreshed = await lambda.call('POST', '/v1/auth/refresh', { body: { refreshToken } });
  expect(refreshed.status).toBe(200);
  expect(kidOf(refreshed.body.accessToken as string)).toBe(kidOf(after.accessToken));
});

test('a function whose secrets are malformed does not start, and names every fault without showing it', async () => {
  const { packaged, keys, save } = lambda;
  const [key] = keys.TOKEN_KEYS;
  save({ TOKEN_KEYS: [key, key], APP_SECRET: 'CANARY' });
  await packaged.restart('settings');
  const { status } = await lambda.call('GET', '/v1/settings', { token: 'none' });
  expect(status).toBe(500);
  const log = packaged.log('settings');
  expect(log).toContain('"TOKEN_KEYS[1]" has the kid of number 0 of the list');
  expect(log).toContain('"APP_SECRET" must be at least 32 bytes in base64');
  expect(log).not.toContain('CANARY');
  save(keys);
  await packaged.restart('settings');
  expect((await lambda.call('GET', '/v1/settings', { token: 'none' })).status).toBe(401);
});
