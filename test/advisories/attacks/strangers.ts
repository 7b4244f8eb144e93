import '../../harness/place.ts';
import { Schema } from 'mongoose';
import { expect } from 'vitest';
import type { Route } from '../../../src/api/http/route.ts';
import { entities, entity, ref } from '../../../src/data/entity.ts';
import { newId, UUID } from '../../../src/data/ids.ts';
import { enqueueSweep } from '../../../src/services/removal/sweep-job.ts';
import { type Answer, call, given, type Person } from '../../harness/given.ts';
import '../support/seen.ts';
import { adminCollection, grantAccess } from '../../harness/admin.ts';
import {
  bodyFor,
  inParallel,
  inputsOf,
  type Json,
  MISSING,
  type Owned,
  owner,
  pathOf,
  routes,
  type Scale,
} from '../support/world.ts';

/** An answer without what every answer has of its own. */
function essence({ status, body, headers }: Answer<Json>, id: string): string {
  const { instance: _, ...rest } = body;
  const told = ['content-type', 'etag', 'location', 'allow', 'retry-after', 'cache-control'];
  const kept = told.map((name) => headers.get(name));
  return JSON.stringify([status, rest, kept]).replaceAll(id, '<id>');
}

/** What everybody may read, and what there is nothing of yet. */
const COMMON = new Set(['getLlmModel', 'getPrivacyExport']);
const ID_INPUT = /^(project|document|user|track|job|id)(\[in\])?$/;

interface Probe {
  route: Route;
  who: Person;
  of: string;
  /** The same request about an id. */
  ask(id: string): Promise<Answer<Json>>;
  id: string;
}

/** Every operation with every stranger's id, wherever an id can stand: as if there were no such thing. */
export async function strangersSeeNothing({ full = false }: Scale = {}): Promise<void> {
  const [alice, carol] = [await owner(), await owner()];
  const bob = await owner();
  const admin = await owner(await given.admin());
  const wrong: string[] = [];
  const before = await storedOf([alice, carol]);
  const askers = [bob, admin, ...(full ? [carol] : [])];
  const owners = full ? [alice, carol] : [alice];
  const probes = askers.flatMap((asker) =>
    owners
      .filter((o) => o !== asker)
      .flatMap((owned) => [...probesOf(asker, owned, asker === admin)]),
  );
  const covered = new Set<string>();
  const rounds = full ? 12 : 1;
  await inParallel(
    Array.from({ length: rounds }).flatMap(() => probes),
    async ({ route, who, of, ask, id }) => {
      covered.add(route.id);
      const [theirs, none] = [await ask(id), await ask(MISSING)];
      const [a, b] = [essence(theirs, id), essence(none, MISSING)];
      if (a !== b) wrong.push(`${route.id} (${of}) by ${who.username}: ${a} but ${b}`);
      const isRefused = of === 'path' ? [403, 404].includes(theirs.status) : theirs.status !== 201;
      if (!isRefused) wrong.push(`${route.id} (${of}) → ${theirs.status}`);
      const words = owners.flatMap(({ all }) => [all.shown, all.hidden]);
      if (words.some((word) => theirs.text.includes(word))) {
        wrong.push(`${route.id} (${of}) shows it`);
      }
    },
  );
  expect(wrong.slice(0, 10), `${wrong.length} wrong`).toEqual([]);
  expect(await storedOf([alice, carol])).toBe(before);
  const uncovered = routes
    .filter((r) => r.path.includes('{id}') && !covered.has(r.id))
    .filter((r) => !COMMON.has(r.id))
    .map((r) => r.id);
  expect(uncovered, 'operations that nobody tried').toEqual([]);
  if (full) expect(probes.length * rounds * 2).toBeGreaterThan(3000);
}

function* probesOf(asker: Owned, owned: Owned, isAdmin: boolean): Generator<Probe> {
  const who = asker.person;
  for (const route of routes) {
    const collection = route.path.split('/{id}')[0] as string;
    const body = bodyFor(route, asker);
    const send = (path: string, sent?: Json) =>
      call<Json>(route.method, path, { token: who.token, body: sent });
    // An admin sees these of everybody.
    if (isAdmin && (route.access === 'admin' || /AuditEvent/.test(route.id))) continue;
    if (COMMON.has(route.id)) continue;
    if (route.path.includes('{id}')) {
      const id = owned.ids[collection] as string;
      yield { route, who, of: 'path', id, ask: (it) => send(pathOf(route, it), body) };
    }
    for (const { name } of route.query ?? []) {
      if (!ID_INPUT.test(name)) continue;
      const id = name.startsWith('document') ? owned.track.id : owned.project.id;
      const base = pathOf(route, asker.ids);
      yield { route, who, of: name, id, ask: (it) => send(`${base}?${name}=${it}`, body) };
    }
    for (const name of Object.keys(inputsOf(route))) {
      if (!ID_INPUT.test(name)) continue;
      const path = pathOf(route, asker.ids);
      const id = owned.project.id;
      yield {
        route,
        who,
        of: `body.${name}`,
        id,
        ask: (it) => send(path, { ...body, [name]: it }),
      };
    }
  }
}

async function storedOf(people: Owned[]): Promise<string> {
  const users = people.map((p) => new UUID(p.person.id));
  // Mails and what sends them go on by themselves, and so do figures of usage.
  const lasting = [...entities.values()].filter(
    (e) => !/^(Mail|MailToken|JobTurn|Event|EventHead|MeteringFact|Stat)$/.test(e.name),
  );
  const parts = lasting.map((e) => {
    const theirs = e.name === 'User' ? { _id: { $in: users } } : { user: { $in: users } };
    const filter = e.name === 'Job' ? { ...theirs, type: { $ne: 'send-mail' } } : theirs;
    return adminCollection(e)
      .find(filter, { projection: { outbox: 0 } })
      .sort({ _id: 1 })
      .toArray();
  });
  return JSON.stringify(await Promise.all(parts));
}

/** Cursors, links, included documents and replays of one are nothing to another. */
export async function strangersReuseNothing(): Promise<void> {
  const alice = await given.user();
  const bob = await given.user();
  for (let n = 0; n < 3; n++) await Promise.all([alice.project(), bob.project()]);
  const { body: page } = await alice.get<{ nextCursor: string }>('/v1/projects?limit=1');
  const cursor = encodeURIComponent(page.nextCursor);
  expect((await alice.get(`/v1/projects?limit=1&cursor=${cursor}`)).status).toBe(200);
  expect((await bob.get(`/v1/projects?limit=1&cursor=${cursor}`)).status).toBe(400);
  expect((await alice.get(`/v1/tracks?cursor=${cursor}`)).status).toBe(400);

  const key = { 'idempotency-key': 'the-same-for-both' };
  const [hers, his] = [
    await alice.post('/v1/projects', { name: 'A' }, key),
    await bob.post('/v1/projects', { name: 'A' }, key),
  ];
  expect([hers.status, his.status]).toEqual([201, 201]);
  expect(his.body.id).not.toBe(hers.body.id);
  expect(his.headers.get('idempotent-replayed')).toBeNull();

  const { body: me } = await bob.get<{ projects: { user: string }[] }>(
    '/v1/users/me?include=projects,tracks,jobs,settings',
  );
  expect(new Set(me.projects.map((p) => p.user))).toEqual(new Set([bob.id]));

  // A link is signed for one object and one method.
  const track = await alice.track({ size: 4 });
  const other = await bob.track({ size: 4 });
  const url = track.upload.url.replace(track.filePath as string, other.filePath as string);
  expect(url).not.toBe(track.upload.url);
  const init = { method: 'PUT', headers: track.upload.headers, body: 'mine' };
  expect((await fetch(url, init)).status).toBe(403);
  expect((await fetch(track.upload.url)).status).toBe(403);
}

/** A `restrict` reference is not a way to touch, or to learn of, what is somebody else's. */
export async function strangersMarkNothing(): Promise<void> {
  const { remove } = await import('../../../src/data/remove.ts');
  const { systemCtx } = await import('../../../src/context.ts');
  const Shelf = entity('Shelf', () => new Schema({}), { about: 'A test.', collection: 'shelves' });
  const Book = entity(
    'Book',
    () => new Schema({ shelf: ref('Shelf', { required: true, onDelete: 'restrict' }) }),
    { about: 'A test.', audited: false },
  );
  try {
    const [user, stranger, _id] = [newId(1), newId(2), newId(3)];
    await grantAccess(Shelf.collectionName, Book.collectionName);
    await Shelf.collection.insertOne({ _id, user });
    await Book.collection.insertOne({ _id: newId(4), user, shelf: _id });
    const ctx = systemCtx('test');
    expect(await remove(ctx, Shelf, { _id, user: stranger }, enqueueSweep)).toBeNull();
    expect(await Shelf.collection.findOne({ _id })).not.toHaveProperty('removing');
    await expect(remove(ctx, Shelf, { _id, user }, enqueueSweep)).rejects.toMatchObject({
      code: 'IN_USE',
    });
  } finally {
    entities.delete('Shelf');
    entities.delete('Book');
  }
}

const crud = (name: string) =>
  ['create', 'delete', 'get', 'update'].map((verb) => `${verb}${name}`);
const FOR_ADMINS = [
  ...[
    ...crud('ComfyUIPod'),
    'listComfyUIPods',
    ...['listHeldComfyUIExecutions', 'getComfyUIExecutionReview', 'decideComfyUIExecutionReview'],
    ...crud('RetentionPolicy'),
    'listRetentionPolicies',
  ],
  ...[
    'createRetentionRun',
    'getRetentionRun',
    'listRetentionRuns',
    'grantCredits',
    'adjustCredits',
    'reverseCredits',
    'overrideAllowances',
    'getSpending',
    'switchSpending',
    'refundPayment',
    'describePayment',
    'listAllPayments',
    'getPaymentReport',
    'listPaymentReports',
  ],
  ...['createLlmModel', 'deleteLlmModel', 'updateLlmModel', 'getLlmMetric', 'listLlmMetrics'],
  ...['getUser', 'listUsers', 'updateUser', 'listAppStats', 'sumAppStatDays', 'getAccount'],
  ...['listQueues', 'listDeadLetters', 'redriveJobs'],
].sort();

/** What is for administrators refuses everybody else, before it looks at anything else. */
export async function adminsOnly(): Promise<void> {
  const alice = await owner();
  const bob = await owner();
  const forAdmins = routes.filter((r) => r.access === 'admin');
  expect(forAdmins.map((r) => r.id).sort()).toEqual(FOR_ADMINS);
  const before = await storedOf([alice, bob]);
  const replies = new Set<string>();
  for (const route of forAdmins) {
    for (const id of [alice.person.id, bob.person.id, MISSING]) {
      for (const body of [{ isActive: false }, { isAdmin: true }, { nonsense: 1 }]) {
        const sent = route.body ? { body } : {};
        for (const query of ['', '?limit=1', '?nonsense=1']) {
          const path = pathOf(route, id) + query;
          const answer = await call<Json>(route.method, path, { token: bob.person.token, ...sent });
          replies.add(essence(answer, id));
          const anonymous = await call<Json>(route.method, path, sent);
          expect(anonymous.status).toBe(401);
        }
      }
    }
  }
  expect([...replies]).toHaveLength(1);
  expect([...replies][0]).toMatch(/^\[403,/);
  expect(await storedOf([alice, bob])).toBe(before);
}

/** Without a token nothing personal is answered, whatever else is sent. */
export async function nobodyGetsIn(): Promise<void> {
  const mine = await owner();
  const closed = routes.filter((r) => r.access !== 'anyone');
  expect(closed.length).toBeGreaterThan(25);
  for (const route of closed) {
    const body = bodyFor(route, mine);
    const headers = { 'x-user-id': mine.person.id, cookie: `token=${mine.person.token}` };
    const path = pathOf(route, mine.ids);
    for (const query of ['', `?access_token=${mine.person.token}`]) {
      const { status } = await call(route.method, path + query, { body, headers });
      expect(status, route.id).toBe(401);
    }
  }
}
