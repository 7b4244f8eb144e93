import '../harness/place.ts';
import { expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { AuditEvent } from '../../src/models/audit/audit-event.ts';
import { appendToChain } from '../../src/services/audit/chain.ts';
import { adminCollection } from '../harness/admin.ts';
import { given } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { run } from './run.ts';

place({ worker: false });

const audit = (...args: string[]) => run('audit', args);

test('`audit checkpoint` makes one, `audit export` prints events with their values, and `audit verify` names the place and ends with 1', async () => {
  const [alice, bob] = [await given.user(), await given.user()];
  await bob.project();
  const project = await alice.project({ name: 'First' });
  await alice.patch(`/v1/projects/${project.id}`, { name: 'Second' });
  await appendToChain(systemCtx('test'));

  const made = await audit('checkpoint');
  expect(made).toMatchObject({ code: 0, stderr: '' });
  expect(made.stdout).toMatch(/^checkpoints\/.*Z\.json was stored\.\n$/);
  const sound = await audit('verify');
  expect(sound).toMatchObject({ code: 0, stderr: '' });
  expect(sound.stdout).toMatch(
    /^(\d+) entries and 1 checkpoints read in [\d.]+ s\.\n.*\b\1 entries/,
  );

  const { stdout } = await audit('export', '--document', project.id);
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(events).toMatchObject([
    { action: 'create', user: alice.id, changes: { name: [null, 'First'] } },
    { action: 'update', document: project.id, changes: { name: ['First', 'Second'] } },
  ]);
  const none = await audit('export', '--user', alice.id, '--to', '2026-01-01T00:00:00Z');
  expect(none).toMatchObject({ code: 0, stdout: '' });

  const { chain, sequence } = events[1];
  await adminCollection(AuditEvent).deleteOne({ chain, sequence });
  const cut = await audit('verify');
  expect(cut.code).toBe(1);
  expect(cut.stderr).toMatch(`Chain ${chain}, entry ${sequence}: `);
});

test('wrong arguments are named, all at once', async () => {
  const times = await audit('export', '--from', 'yesterday', '--user', '7');
  expect(times).toMatchObject({ code: 1, stdout: '' });
  expect(times.stderr).toMatch(/from must be a time.*; user must be an id/);
  expect((await audit('verify', '--user', 'x')).stderr).toMatch(/^verify does not take --user\.\n/);
  for (const args of [[], ['cut'], ['verify', 'more']])
    expect((await audit(...args)).stderr).toMatch(/^Usage: npm run audit -- verify/);
});
