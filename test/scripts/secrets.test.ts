import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
  addKey,
  describeKeys,
  makeKey,
  OPENS_FOR,
  pruneKeys,
} from '../../scripts/secrets/rotation.ts';
import { loadSecrets, locateSecrets } from '../../src/local/secrets.ts';
import { startSecretsManager } from '../harness/secrets-manager.ts';
import { run } from './run.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const NAME = 'mixdown/prod';
const URI = 'mongodb+srv://user:CANARY@cluster.example.net/mixdown';

/** The commands, on a Secrets Manager of this test. */
async function inTheCloud() {
  const manager = await startSecretsManager();
  onTestFinished(manager.stop);
  const env = {
    ...manager.env,
    ...{ SECRETS_ID: NAME, AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', MONGODB_URI: URI },
  };
  const secrets = (...args: string[]) => run('secrets', args, env);
  const read = () => JSON.parse(manager.secrets.get(NAME) as string);
  return { manager, env, secrets, read };
}

/** The commands, on a folder of data of this test. */
function atHome() {
  const dir = mkdtempSync(join(tmpdir(), 'mixdown-secrets-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const secrets = (...args: string[]) => run('secrets', args, { DATA_DIR: dir, SECRETS_ID: '' });
  return { dir, file: locateSecrets(dir), secrets };
}

test('create makes the first secrets, once, and prints none of them', async () => {
  const { secrets, read, manager } = await inTheCloud();
  const made = await secrets('create');
  expect(made).toMatchObject({ code: 0, stderr: '' });
  const { MONGODB_URI, TOKEN_KEYS, APP_SECRET } = read();
  expect([MONGODB_URI, TOKEN_KEYS.length, APP_SECRET.length]).toEqual([URI, 1, 1]);
  expect(made.stdout).toContain(TOKEN_KEYS[0].kid);
  for (const secret of ['CANARY', TOKEN_KEYS[0].d, APP_SECRET[0].secret])
    expect(made.stdout).not.toContain(secret);

  const before = manager.secrets.get(NAME);
  expect(await secrets('create')).toMatchObject({ code: 1, stdout: '' });
  expect(manager.secrets.get(NAME)).toBe(before);
});

test('rotate adds a key to each list that waits, once; list shows ids, ages and states, and no secret', async () => {
  const { secrets, read } = await inTheCloud();
  await secrets('create');
  const before = read();
  expect(await secrets('rotate')).toMatchObject({ code: 0, stderr: '' });
  const after = read();
  for (const list of ['TOKEN_KEYS', 'APP_SECRET']) {
    expect(after[list]).toHaveLength(2);
    expect(after[list][0]).toEqual(before[list][0]);
    const wait = Date.parse(after[list][1].usedFrom) - Date.now();
    expect(wait / MINUTE).toBeGreaterThan(13);
    expect(wait / MINUTE).toBeLessThanOrEqual(15);
  }
  const { stdout } = await secrets('list');
  expect(stdout.match(/waits, is used from [\d-]+T\S+ on, in 1\d minutes/g)).toHaveLength(2);
  expect(stdout.match(/in use, since [\d-]+T\S+, \d+ minutes ago/g)).toHaveLength(2);
  for (const secret of ['CANARY', after.TOKEN_KEYS[1].d, after.APP_SECRET[1].secret])
    expect(stdout).not.toContain(secret);

  const again = await secrets('rotate', 'APP_SECRET');
  expect(again.stderr).toMatch(/^APP_SECRET has a new key already: \S+ is used from \S+ on\.\n$/);
  expect(read()).toEqual(after);
});

test('a key is retired when nothing that it signed can be valid any longer, by rotate and by prune', () => {
  for (const [list, stays] of [
    ['TOKEN_KEYS', 61 * MINUTE],
    ['APP_SECRET', 31.1 * DAY],
  ] as const) {
    const first = makeKey(list, 0);
    const two = addKey(list, [first], DAY);
    const used = DAY + 15 * MINUTE;
    const states = (now: number) =>
      describeKeys(two, now, OPENS_FOR[list]).map(({ state }) => state);
    expect(states(DAY)).toEqual(['waits', 'in use']);
    expect(states(used)).toEqual(['in use', 'still opens']);
    expect(states(used + stays)).toEqual(['in use', 'retired']);
    expect(pruneKeys(two, used + 10 * MINUTE, OPENS_FOR[list])).toEqual(two);
    expect(pruneKeys(two, used + stays, OPENS_FOR[list])).toEqual(two.slice(1));
    // However old it is, the one in use stays.
    expect(pruneKeys([first], 1000 * DAY, OPENS_FOR[list])).toEqual([first]);
  }
});

test('replace leaves one new key, which is used at once', async () => {
  const { secrets, read } = await inTheCloud();
  await secrets('create');
  await secrets('rotate');
  const before = read();
  expect(await secrets('replace', 'TOKEN_KEYS')).toMatchObject({ code: 0, stderr: '' });
  const { TOKEN_KEYS, APP_SECRET } = read();
  expect(TOKEN_KEYS).toHaveLength(1);
  expect(before.TOKEN_KEYS.map(({ kid }: { kid: string }) => kid)).not.toContain(TOKEN_KEYS[0].kid);
  expect(Date.parse(TOKEN_KEYS[0].usedFrom)).toBeLessThanOrEqual(Date.now());
  expect(APP_SECRET).toEqual(before.APP_SECRET);
});

test('at home the same commands work on the file of the backend, and no app secret is ever retired', async () => {
  const { dir, file, secrets } = atHome();
  const none = await secrets('list');
  expect(none).toMatchObject({ code: 1, stdout: '' });
  expect(none.stderr).toContain('npm start');
  const before = loadSecrets(dir);
  expect(await secrets('rotate')).toMatchObject({ code: 0, stderr: '' });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const { AWS_ACCESS_KEY_ID, TOKEN_KEYS, APP_SECRET } = loadSecrets(dir);
  expect(AWS_ACCESS_KEY_ID).toBe(before.AWS_ACCESS_KEY_ID);
  expect(JSON.parse(TOKEN_KEYS)).toMatchObject([...JSON.parse(before.TOKEN_KEYS), {}]);
  expect(JSON.parse(APP_SECRET)).toMatchObject([{ secret: before.APP_SECRET }, {}]);
  const written = readFileSync(file, 'utf8');
  expect((await secrets('prune')).code).toBe(0);
  expect(readFileSync(file, 'utf8')).toBe(written);
  expect((await secrets('replace', 'APP_SECRET')).stderr).toContain('rotate instead');
  expect((await secrets('create')).stderr).toContain('npm start makes');
});

test('a secret at fault is left as it is, and every fault is told', async () => {
  const { manager, secrets } = await inTheCloud();
  manager.secrets.set(NAME, '{ "TOKEN_KEYS": [{ "kid": "a" }], "APP_SECRET": "CANARY" }');
  const { code, stderr } = await secrets('rotate');
  expect(code).toBe(1);
  for (const field of ['TOKEN_KEYS[0].d', 'TOKEN_KEYS[0].x', 'APP_SECRET'])
    expect(stderr).toContain(`"${field}"`);
  expect(stderr).not.toContain('CANARY');
  expect(manager.calls).not.toContain('PutSecretValue');
});

test.each([[[]], [['turn']], [['rotate', 'MONGODB_URI']], [['replace']], [['list', 'APP_SECRET']]])(
  'the command %j is no command, and the usage is printed',
  async (args) => {
    const { secrets } = atHome();
    const { code, stderr } = await secrets(...args);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^Usage: npm run secrets -- /)]);
  },
);
