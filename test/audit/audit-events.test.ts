import '../harness/place.ts';
import { expect, test } from 'vitest';
import { auditEvents } from '../../functions/audit-events.ts';
import { systemCtx } from '../../src/context.ts';
import { UUID } from '../../src/data/ids.ts';
import { AuditEvent } from '../../src/models/audit/audit-event.ts';
import { appendToChain } from '../../src/services/audit/chain.ts';
import { conforms } from '../conforms.ts';
import { adminCollection } from '../harness/admin.ts';
import { type Doc, given, PASSWORD } from '../harness/given.ts';
import { until } from '../harness/until.ts';

type Page = { data: Doc[] };

conforms(auditEvents, {
  make: async (person) => {
    const { headers } = await person.patch('/v1/users/me', { bio: 'Written.' });
    const requestId = headers.get('x-request-id');
    await appendToChain(systemCtx('test'));
    const { body } = await person.get<Page>('/v1/audit-events?action=update');
    return body.data.find((e) => e.requestId === requestId) as Doc;
  },
});

test('the audit events of an account contain no password and no token, whatever was done with them', async () => {
  const alice = await given.user();
  await alice.signsIn();
  await alice.refreshes();
  const newPassword = 'another horse, another staple';
  await alice.post('/v1/auth/password', { currentPassword: PASSWORD, newPassword });
  const { body, text } = await until('the end of the other session is audited', async () => {
    await appendToChain(systemCtx('test'));
    const answer = await alice.get<Page>('/v1/audit-events?limit=100');
    return answer.body.data.some((e) => e.action === 'delete') && answer;
  });
  const actions = body.data.map((e) => e.action);
  const expected = ['register', 'sign-in', 'login', 'refresh', 'change-password'];
  expect(actions).toEqual(expect.arrayContaining(expected));
  expect(text).not.toMatch(/argon2|hashedPassword|refreshTokenHash|staple/);
});

test('what a worker does to a track is audited within 5 s, too', async () => {
  const alice = await given.user();
  const track = await alice.uploads(Buffer.from('no music at all'));
  await alice.waitsFor(track, 'FAILED');
  const actions = await until(
    'the failure is audited',
    async () => {
      const { body } = await alice.get<Page>(`/v1/audit-events?document=${track.id}`);
      return body.data.length === 3 && body.data.map((e) => [e.action, e.actor]);
    },
    5000,
  );
  expect(actions).toEqual([
    ['fail', { kind: 'SYSTEM', name: 'run-jobs' }],
    ['upload', { kind: 'SYSTEM', name: 'media-uploaded' }],
    ['create', { kind: 'USER', id: alice.id }],
  ]);
});

test('an administrator sees all events, and filters them', async () => {
  const [alice, root] = await Promise.all([given.user(), given.admin()]);
  const project = await alice.project();
  await appendToChain(systemCtx('test'));
  const { body } = await root.get<Page>(`/v1/audit-events?document=${project.id}`);
  expect(body.data.map((e) => e.action)).toEqual(['create']);
  for (const query of ['entity=Project', 'action=create', 'limit=100&sort=createdAt']) {
    expect((await root.get<Page>(`/v1/audit-events?${query}`)).body.data.length).toBeGreaterThan(0);
  }
});

test('an event whose values no key opens any longer is still read, without them', async () => {
  const [alice, root] = await Promise.all([given.user(), given.admin()]);
  const { id } = await alice.project();
  await appendToChain(systemCtx('test'));
  // As when the key of a person is destroyed.
  const unreadable = { 'changes.bytes': Buffer.alloc(80), 'ip.bytes': Buffer.alloc(80) };
  await adminCollection(AuditEvent).updateOne({ document: new UUID(id) }, { $set: unreadable });
  for (const person of [alice, root]) {
    const { status, body } = await person.get<Page>(`/v1/audit-events?document=${id}`);
    expect([status, body.data.map((e) => [e.action, e.changes, e.ip])]).toEqual([
      ...[200, [['create', undefined, undefined]]],
    ]);
  }
});

test('a user reads no event of another', async () => {
  const [alice, bob] = await Promise.all([given.user(), given.user()]);
  const { id } = await alice.project();
  await appendToChain(systemCtx('test'));
  const path = `/v1/audit-events?document=${id}`;
  const [event] = (await alice.get<Page>(path)).body.data;
  expect(event).toMatchObject({ document: id });
  expect((await bob.get<Page>(path)).body.data).toEqual([]);
  expect((await bob.get(`/v1/audit-events/${event?.id}`)).status).toBe(404);
});
