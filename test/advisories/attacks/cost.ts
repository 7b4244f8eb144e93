import '../support/seen.ts';
import { expect } from 'vitest';
import { resources } from '../../../scripts/served.ts';
import { listCombinations } from '../../../src/api/resource/list.ts';
import { type Entity, entities } from '../../../src/data/entity.ts';
import { newId, UUID } from '../../../src/data/ids.ts';
import { User } from '../../../src/models/account/user.ts';
import { admin as forAdmins, listFilters } from '../../../src/rules.ts';
import { adminDatabase } from '../../harness/admin.ts';
import { given } from '../../harness/given.ts';
import { commandsOf } from '../support/commands.ts';
import { invoke, invokeHttp } from '../support/events.ts';
import {
  bodyFor,
  inParallel,
  type Json,
  MISSING,
  owner,
  pathOf,
  routes,
  type Scale,
  sampled,
} from '../support/world.ts';

/** What would cost much is refused, and nothing answers more than a page. */
export async function boundedLists(scale: Scale = {}): Promise<void> {
  const mine = await owner();
  const admin = await given.admin();
  const ids = Array.from({ length: 1000 }, () => MISSING).join(',');
  const dear = [
    ...['1e9', '1000000000', '101', '0', '-1', '0x10', '1.5', '', ' 5', '9'.repeat(400)].map(
      (n) => `limit=${encodeURIComponent(n)}`,
    ),
    ...[
      'offset=1000000',
      'skip=1000000',
      'page=100000',
      'limit=1&limit=100',
      'cursor=',
      'cursor=a.b',
    ],
    ...['cursor=WyJ4IiwieCJd.AAAA', 'sort=updatedAt', 'sort=-updatedAt', 'sort=createdAt,-name'],
    ...[
      'sort=',
      'sort=-',
      'sort=id',
      'sort=lyrics',
      'updatedAt[gte]=2020-01-01',
      'name=x',
      'name[ne]=x',
    ],
    ...[`id[in]=${ids}`, `ids=${ids}`, `_id=${ids}`, `project[in]=${ids.slice(0, 37 * 21 - 1)}`],
    ...['status[in]=READY'.concat(',READY'.repeat(20)), 'createdAt[gt]=x', 'createdAt[gte]=9e99'],
    ...['include=tracks.project.tracks', 'include=project.user.projects', 'include=*', 'fields=*'],
    `include=${'user.'.repeat(200)}user`,
    `fields=${Array.from({ length: 500 }, (_, n) => `f${n}`)}`,
    'search=a',
    'filter={}',
  ];
  const lists = routes.filter((r) => r.id.startsWith('list'));
  const wrong: string[] = [];
  await inParallel(
    sampled(
      lists.flatMap((route) => dear.map((query) => ({ route, query }))),
      scale,
      1200,
    ),
    async (it) => {
      const who = it.route.access === 'admin' ? admin : mine.person;
      const known = (it.route.query ?? []).map((p) => p.name);
      const name = it.query.split('=')[0] as string;
      // Of what a list does offer, only the excess is dear.
      if (it.query.startsWith('name=') && known.includes('name')) return;
      if (name.startsWith('createdAt') && !known.includes(name)) return;
      const path = pathOf(it.route, mine.ids);
      // Longer than a request line may be, it is sent past the gateway.
      const headers = { authorization: `Bearer ${who.token}` };
      const status =
        it.query.length > 8000
          ? (await invokeHttp('GET', path, { headers, query: it.query })).statusCode
          : (await who.get(`${path}?${it.query}`)).status;
      if (status !== 400) wrong.push(`${it.route.id}?${it.query.slice(0, 80)} → ${status}`);
    },
  );
  expect(wrong).toEqual([]);
}

/** A page and what is included in it has at most 100, with a cursor for the rest. */
export async function atMostAHundred(): Promise<void> {
  const mine = await owner();
  const { project, person } = mine;
  const { Track } = await import('../../../src/models/media/track.ts');
  const { Project } = await import('../../../src/models/projects/project.ts');
  const source = await Track.collection.findOne({ _id: new UUID(mine.track.id) });
  const at = Date.now();
  const many = Array.from({ length: 250 }, (_, n) => ({
    ...source,
    _id: newId(at + n),
    outbox: [],
  }));
  await Track.collection.insertMany(many as never);
  const template = await Project.collection.findOne({ _id: new UUID(project.id) });
  const projects = Array.from({ length: 120 }, (_, n) => ({
    ...template,
    _id: newId(at + n),
    outbox: [],
  }));
  await Project.collection.insertMany(projects as never);
  const { body: page } = await person.get<{ data: Json[]; nextCursor: string }>(
    '/v1/tracks?limit=100',
  );
  expect(page.data).toHaveLength(100);
  expect(page.nextCursor).toBeTruthy();
  const { body: one } = await person.get<Json & { tracks: Json[]; _more: Json }>(
    `/v1/projects/${project.id}?include=tracks`,
  );
  expect(one.tracks).toHaveLength(100);
  expect(one._more.tracks).toBeTruthy();
  const { body: me } = await person.get<Json & { projects: Json[]; tracks: Json[] }>(
    '/v1/users/me?include=projects,tracks,jobs,settings',
  );
  expect([me.projects.length, me.tracks.length]).toEqual([100, 100]);
  // The last page costs what the first does: keys, not offsets.
  let cursor: string | null = null;
  const seen = new Set<unknown>();
  do {
    const query: string = cursor ? `&cursor=${encodeURIComponent(cursor)}` : '';
    const { body } = await person.get<{ data: Json[]; nextCursor: string | null }>(
      `/v1/tracks?limit=100&sort=createdAt${query}`,
    );
    for (const { id } of body.data) seen.add(id);
    cursor = body.nextCursor;
  } while (cursor);
  expect(seen.size).toBe(251);
}

const BACKGROUND = ['seal-audit', 'run-jobs', 'reconcile', 'check-references'];

interface Profile extends Json {
  ns: string;
  op: string;
  planSummary?: string;
  hasSortStage?: boolean;
  command: Json;
}

/**
 * Everything that is read while every operation and every background function runs has a deadline and an
 * index, and is sorted by one.
 */
export async function boundedReads({ full = false }: Scale = {}): Promise<void> {
  const db = adminDatabase();
  const admin = await given.admin();
  await db.createCollection('system.profile', { capped: true, size: 64 * 1024 * 1024 });
  await db.setProfilingLevel('all');
  let asked = 0;
  const commands = await commandsOf(async () => {
    for (let round = 0; round < (full ? 5 : 1); round++) {
      const mine = await owner();
      for (const { query, isForAdmins } of queries()) {
        asked++;
        const { status } = await (isForAdmins ? admin : mine.person).get(query);
        expect(status, query).toBe(200);
        if (query.startsWith('/v1/audit-events')) await admin.get(query);
      }
      const writes = routes.filter((r) => r.access === 'user');
      for (const route of writes.sort((a, b) => Number(isLast(a.id)) - Number(isLast(b.id)))) {
        const path = pathOf(route, mine.ids);
        await mine.person.call(route.method, path, bodyFor(route, mine), {
          ...(route.method === 'POST' && { 'idempotency-key': `${route.id}-${round}` }),
        });
      }
      const login = { login: mine.person.username, password: 'wrong' };
      await mine.person.post('/v1/auth/login', login);
      await mine.person.post('/v1/auth/login', { ...login, login: mine.person.email });
      await mine.person.post('/v1/auth/refresh', { refreshToken: 'x'.repeat(64) });
      for (const name of BACKGROUND) await invoke(name, {});
    }
  });
  await db.setProfilingLevel('off');
  expect(asked).toBeGreaterThan(30);
  const reads = commands.filter((c) =>
    ['find', 'aggregate', 'count', 'distinct'].includes(c.commandName),
  );
  expect(reads.length).toBeGreaterThan(50);
  const endless = reads.filter((c) => !((c.command.maxTimeMS as number) > 0));
  expect(endless.map((c) => JSON.stringify(c.command).slice(0, 200))).toEqual([]);

  const ours = new Set([...entities.values()].map((e) => `${db.databaseName}.${e.collectionName}`));
  const profiles = (await db.collection('system.profile').find().toArray()) as unknown as Profile[];
  const seen = profiles.filter((p) => ours.has(p.ns));
  expect(seen.length).toBeGreaterThan(100);
  const bad = seen.filter((p) => /COLLSCAN/.test(p.planSummary ?? '') || p.hasSortStage);
  const told = bad.map(
    (p) => `${p.ns} ${p.op} ${p.planSummary} ${JSON.stringify(p.command).slice(0, 300)}`,
  );
  expect([...new Set(told)].slice(0, 10)).toEqual([]);
}

function isLast(id: string): boolean {
  return id.startsWith('delete');
}

/** Every combination of filter and sort that a list offers, both ways, ranged, included. */
function* queries(): Generator<{ query: string; isForAdmins: boolean }> {
  const lists = [
    ...resources.map(({ entity, options }) => ({ ...options, entity, rule: options.can.read })),
    { path: '/v1/users', entity: User as Entity, rule: forAdmins },
  ];
  for (const { path, entity, rule: read } of lists) {
    const [rule = {}, other] = listFilters(read);
    const isForAdmins = other === undefined;
    for (const { equals, sort } of listCombinations(entity, rule)) {
      const parts = equals.map((name) => `${name}=${valueFor(entity, name)}`);
      const isTime = entity.shape.fields[sort]?.shape.kind === 'date';
      const range = `${sort}[gte]=${isTime ? '2020-01-01' : 'A'}`;
      for (const order of [sort, `-${sort}`]) {
        for (const more of ['limit=2', range]) {
          yield { query: `${path}?${[...parts, `sort=${order}`, more].join('&')}`, isForAdmins };
        }
      }
    }
  }
  const included = [
    '/v1/projects?include=user,tracks&limit=3',
    '/v1/tracks?include=user,project.user&limit=3',
    '/v1/users/me?include=projects,tracks,jobs,settings',
  ];
  for (const query of included) yield { query, isForAdmins: false };
}

function valueFor(entity: Entity, name: string): string {
  const shape = entity.shape.fields[name]?.shape;
  if (shape?.kind === 'boolean') return 'true';
  return shape?.kind === 'string' ? (shape.enum?.[0] ?? 'Track') : MISSING;
}
