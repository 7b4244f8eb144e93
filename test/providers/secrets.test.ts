import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readSecrets } from '../../src/providers/secrets.ts';

test('a secret that something works without reaches the functions too; what is no secret of theirs does not', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'mixdown-secrets-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const theirs = {
    ...{ MONGODB_URI: 'mongodb://localhost', TOKEN_KEYS: '[]', APP_SECRET: 'a' },
    EDGE_SECRET: 'e',
  };
  const SECRETS_FILE = join(dir, 'secrets.json');
  writeFileSync(SECRETS_FILE, JSON.stringify({ ...theirs, NODE_OPTIONS: '--inspect' }));
  expect(await readSecrets({ SECRETS_FILE })).toEqual(theirs);
});
