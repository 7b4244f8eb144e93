import '../harness/place.ts';
import { expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { appendToChain } from '../../src/services/audit/chain.ts';
import { type Doc, given, type Person } from '../harness/given.ts';
import { place } from '../harness/place.ts';

place({ worker: false });

/** What the audit log tells of a field, oldest first. */
async function changesOf(person: Person, { id }: Doc, field: string): Promise<unknown[]> {
  await appendToChain(systemCtx('test'));
  const path = `/v1/audit-events?document=${id}&sort=createdAt`;
  const { body } = await person.get<{ data: { changes: Record<string, unknown> }[] }>(path);
  return body.data.map(({ changes }) => changes[field]);
}

test('of a long text the audit log tells the length alone, before and after', async () => {
  const alice = await given.user();
  const track = await alice.track({ lyrics: 'la '.repeat(700) });
  const path = `/v1/tracks/${track.id}`;
  await alice.patch(path, { lyrics: 'da '.repeat(1000) });
  await alice.patch(path, { lyrics: 'x'.repeat(2048) });
  await alice.patch(path, { lyrics: 'short' });
  const size = expect.stringMatching(/^\(\d{4} bytes\)$/);
  expect(await changesOf(alice, track, 'lyrics')).toEqual([
    [null, '(2100 characters)'],
    [size, '(3000 characters)'],
    [size, 'x'.repeat(2048)],
    [expect.stringMatching(/^(x{2048}|\(\d{4} bytes\))$/), 'short'],
  ]);
});

test('of a large object the audit log tells the size alone, before and after', async () => {
  const alice = await given.user();
  const project = await alice.project({ settings: { notes: 'n'.repeat(3000) } });
  await alice.patch(`/v1/projects/${project.id}`, { settings: { notes: 'm'.repeat(4000) } });
  const told = JSON.stringify(await changesOf(alice, project, 'settings'));
  expect(told).toMatch(
    /^\[\[null,"\(3012 characters\)"\],\["\(\d{4} bytes\)","\(4012 characters\)"\]\]$/,
  );
});
