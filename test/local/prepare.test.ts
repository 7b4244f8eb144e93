import { execFile } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { project } from './given.ts';

const run = promisify(execFile);
const script = join(import.meta.dirname, '../../scripts/prepare.mjs');

const locked = (version: string) =>
  JSON.stringify({
    packages: {
      '': { name: 'x' },
      'node_modules/a': { version },
      'node_modules/only-on-mac': { version: '1.0.0', optional: true },
    },
  });

/** A checkout whose `npm` notes its calls and installs what package-lock.json says. */
function given(installed?: string) {
  const root = project({
    'package-lock.json': locked('1.0.0'),
    'bin/npm': `#!/bin/sh
      echo "$@" >> "$PWD/calls.txt"; sleep 0.3; mkdir -p node_modules
      cp package-lock.json node_modules/.package-lock.json\n`,
    ...(installed ? { 'node_modules/.package-lock.json': locked(installed) } : {}),
  });
  chmodSync(join(root, 'bin/npm'), 0o755);
  const env = {
    ...process.env,
    MIXDOWN_ROOT: root,
    PATH: join(root, 'bin') + delimiter + process.env.PATH,
  };
  const calls = () => {
    const file = join(root, 'calls.txt');
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  };
  return { root, calls, prepare: () => run(process.execPath, [script], { env }) };
}

test('it does and prints nothing when all packages are installed', async () => {
  const { prepare, calls } = given('1.0.0');
  expect((await prepare()).stdout).toBe('');
  expect(calls()).toEqual([]);
});

test('it installs missing or outdated packages, and says why', async () => {
  const missing = given();
  expect((await missing.prepare()).stdout).toContain('because node_modules is missing');
  expect(missing.calls()).toEqual(['ci --loglevel=error']);
  const old = given('0.9.0');
  expect((await old.prepare()).stdout).toContain('because node_modules/a is not at 1.0.0');
  expect((await old.prepare()).stdout).toBe('');
});

test('two processes at once install once, and the lock of a dead process is ignored', async () => {
  const { root, prepare, calls } = given();
  await Promise.all([prepare(), prepare()]);
  expect(calls()).toEqual(['ci --loglevel=error']);
  writeFileSync(join(root, 'package-lock.json'), locked('2.0.0'));
  writeFileSync(join(root, '.cache/install.lock'), '99999999');
  await prepare();
  expect(calls()).toEqual(['ci --loglevel=error', 'ci --loglevel=error']);
});

test('an install that fails prints one sentence and exits with a code', async () => {
  const { root, prepare } = given();
  writeFileSync(join(root, 'bin/npm'), '#!/bin/sh\nexit 7\n');
  await expect(prepare()).rejects.toMatchObject({
    code: 1,
    stderr: '`npm ci` failed; run it by hand to see why.\n',
  });
});
