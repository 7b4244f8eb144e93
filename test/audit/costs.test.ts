import '../harness/place.ts';
import { expect, test } from 'vitest';
import { handler } from '../../functions/seal-audit.ts';
import { given } from '../harness/given.ts';
import { invocation, sqsEvent } from '../harness/invocations.ts';
import { place } from '../harness/place.ts';
import { profileOf } from '../harness/profile.ts';
import { times } from '../harness/times.ts';

place({ worker: false });

const rings = (count: number) => handler(sqsEvent(...times(count, () => '{}')), invocation());

test('ten doorbells with nothing waiting cost at most three commands, none of which scans', async () => {
  const alice = await given.user();
  for (let n = 0; n < 30; n++) await alice.project();
  await rings(1);
  const commands = await profileOf(() => rings(10));
  expect(commands.map(({ op, ns }) => `${op} ${ns}`).length).toBeLessThanOrEqual(3);
  for (const { planSummary, docsExamined } of commands) {
    expect(planSummary).not.toMatch(/COLLSCAN/);
    expect(docsExamined).toBe(0);
  }
});

test('a batch of doorbells seals what waits, in one run', async () => {
  const alice = await given.user();
  await alice.project();
  await rings(10);
  const { body } = await alice.get<{ data: { action: string }[] }>(
    '/v1/audit-events?entity=Project',
  );
  expect(body.data.map((e) => e.action)).toEqual(['create']);
});
