import '../harness/place.ts';
import { expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { appendToChain } from '../../src/services/audit/chain.ts';
import { given } from '../harness/given.ts';
import { run } from './run.ts';

const admin = (...args: string[]) => run('admin', args);

test('`admin grant` makes an account an administrator, `admin revoke` ends that, and both are audited', async () => {
  const alice = await given.user();
  // A session that is running is believed for a moment longer.
  const isAdmin = async () => (await (await alice.signsIn()).get('/v1/users')).status === 200;
  expect(await isAdmin()).toBe(false);

  expect(await admin('grant', alice.email.toUpperCase())).toMatchObject({ code: 0, stderr: '' });
  expect(await isAdmin()).toBe(true);
  expect((await admin('grant', alice.email)).stdout).toMatch(/ is an administrator already\.\n$/);

  expect((await admin('revoke', alice.email)).code).toBe(0);
  expect(await isAdmin()).toBe(false);

  await appendToChain(systemCtx('test'));
  const { body } = await alice.get<{ data: { action: string; actor: object; changes: object }[] }>(
    `/v1/audit-events?document=${alice.id}`,
  );
  expect(body.data.filter(({ action }) => action.endsWith('-admin'))).toMatchObject([
    { action: 'revoke-admin', actor: { kind: 'SYSTEM', name: 'admin' } },
    { action: 'grant-admin', changes: { isAdmin: [false, true] } },
  ]);
});

test('an account is found by its email in every form of it', async () => {
  const email = `zoe\u0308.${Date.now()}@B\u00fccher.example`;
  await given.user({ email });
  const granted = await admin('grant', email.normalize('NFC').toUpperCase());
  expect(granted).toMatchObject({ code: 0, stderr: '' });
});

test('an unknown email and a wrong command are reported in one line', async () => {
  const nobody = await admin('grant', 'nobody@example.com');
  expect(nobody).toMatchObject({ code: 1, stdout: '' });
  expect(nobody.stderr).toBe('There is no account with the email nobody@example.com.\n');
  const wrong = await admin('grant', 'a@example.com', 'b@example.com');
  expect(wrong).toMatchObject({ code: 1, stdout: '' });
  expect(wrong.stderr).toMatch(/^Usage: npm run admin -- .+\n$/);
});
