import { expect } from 'vitest';
import type { Route } from '../../../src/api/http/route.ts';
import { entities, entityNamed } from '../../../src/data/entity.ts';
import { UUID } from '../../../src/data/ids.ts';
import { given } from '../../harness/given.ts';
import '../support/seen.ts';
import { adminCollection } from '../../harness/admin.ts';
import {
  bodyFor,
  chance,
  inParallel,
  inputsOf,
  type Json,
  type Owned,
  owner,
  pathOf,
  routes,
  type Scale,
  sampled,
} from '../support/world.ts';

/** Every field that no answer shows, of any entity, and some that others' schemas have. */
function secrets(): string[] {
  const hidden = [...entities.values()].flatMap((e) =>
    Object.entries(e.shape.fields).flatMap(([name, f]) => (f.hidden ? [name] : [])),
  );
  const wished = ['password', 'email', 'user', 'stripeId', 'token', '_id', '__v', 'lease.token'];
  return [...new Set([...hidden, ...wished, 'outbox.0.ip', 'object.etag'])];
}

/** Hidden fields cannot be asked for in any way. */
export async function secretsByQuery({ full = false }: Scale = {}): Promise<void> {
  const mine = await owner();
  const admin = await given.admin();
  const wrong: string[] = [];
  const reads = routes.filter((r) => r.method === 'GET' && r.query && r.access !== 'anyone');
  const all = reads.flatMap((route) => secrets().flatMap((name) => asked(route, name)));
  const attacks = sampled(all, { full }, 1200);
  await inParallel(attacks, async ({ route, query }) => {
    const who = route.access === 'admin' ? admin : mine.person;
    const { status } = await who.get(`${pathOf(route, mine.ids)}?${query}`);
    if (status !== 400) wrong.push(`${route.id}?${query} → ${status}`);
  });
  expect(attacks.length).toBeGreaterThan(1000);
  expect(wrong).toEqual([]);
}

function asked(route: Route, name: string) {
  const known = new Set((route.query ?? []).map((p) => p.name));
  const offers = (parameter: string) => {
    const schema = route.query?.find((p) => p.name === parameter)?.schema ?? {};
    return JSON.stringify(schema).includes(`"${name}"`);
  };
  const queries = [
    `${name}=x`,
    `${name}[gte]=x`,
    `${name}[in]=x`,
    `sort=${name}`,
    `sort=-${name}`,
    `fields=user.${name}`,
    `fields=$${name}`,
    `fields=-${name}`,
    `user.${name}=x`,
    `owner.${name}[gt]=a`,
    `included.user.${name}=x`,
    `sort=user.${name}`,
    `include=user.${name}`,
    `include=${name}`,
    `search=${name}:x`,
    `populate=user&populate[select]=${name}`,
  ];
  // What the operation shows anyway may be asked for; the rest not.
  if (!offers('fields') && name !== '_id') queries.push(`fields=${name}`, `fields=id,${name}`);
  return (
    queries
      .filter((q) => !known.has(q.split('=')[0] as string) || /^(sort|fields|include)=/.test(q))
      // A field may be hidden in one entity, and a reference that may be followed in another.
      .filter((q) => !(q === `include=${name}` && offers('include')))
      .map((query) => ({ route, query }))
  );
}

/** Asking "is the secret greater than …" many times tells nothing. */
export async function noOracle({ full = false }: Scale = {}): Promise<void> {
  const mine = await owner();
  const admin = await given.admin();
  const random = chance();
  const replies = new Set<string>();
  const probes = Array.from({ length: full ? 1000 : 100 }, () => {
    const prefix = random
      .next()
      .toString(36)
      .slice(2, 2 + random.below(9));
    const name = ['hashedPassword', 'refreshTokenHash', 'email'][random.below(3)];
    return `${name}[${['gte', 'lt', 'in'][random.below(3)]}]=%24argon2id${prefix}`;
  });
  await inParallel(probes, async (query) => {
    for (const path of ['/v1/users', '/v1/sessions', '/v1/projects']) {
      const { status, body } = await admin.get(`${path}?${query}`);
      const told = String(body.detail).replaceAll(/^\w+\[\w+\]/g, '…');
      replies.add(`${path} ${status} ${told}`);
    }
  });
  expect(replies.size).toBe(3);
  expect([...replies].every((r) => r.includes(' 400 '))).toBe(true);
  const { hashedPassword } = (await entityNamed('User').collection.findOne({
    _id: new UUID(mine.person.id),
  })) as unknown as Json;
  for (const path of [
    '/v1/users/me',
    `/v1/users/${mine.person.id}`,
    '/v1/audit-events?limit=100',
  ]) {
    const { text } = await (path.startsWith('/v1/users/0') ? admin : mine.person).get(path);
    expect(text).not.toContain(hashedPassword);
  }
}

/** What a client may write is what the schema offers, and nothing beside it. */
export async function massAssignment(scale: Scale = {}): Promise<void> {
  const mine = await owner();
  const stranger = await given.user();
  const wrong: string[] = [];
  const writing = routes.filter((r) => r.body && r.access === 'user' && r.id !== 'changePassword');
  const all = writing.flatMap((route) =>
    values(mine, stranger.id)
      .filter(([name]) => !(name in inputsOf(route)))
      .map(([name, value]) => ({ route, name, value })),
  );
  const attacks = sampled(all, scale, 700);
  const before = await stored(mine);
  await inParallel(attacks, async ({ route, name, value }) => {
    const body = { ...bodyFor(route, mine), [name]: value };
    const path = pathOf(route, mine.ids);
    const answer = await mine.person.call<Json>(route.method, path, body);
    const errors = (answer.body.errors ?? []) as { path: string }[];
    const isNamed = errors.some((e) => e.path.startsWith(name.split('.')[0] as string));
    if (answer.status !== 422 || !isNamed) wrong.push(`${route.id}.${name} → ${answer.status}`);
  });
  expect(attacks.length).toBeGreaterThan(400);
  expect(wrong).toEqual([]);
  expect(await stored(mine)).toBe(before);
}

/** Every property of every schema, and what is usually tried. */
function values(mine: Owned, stranger: string): [string, unknown][] {
  const all = [...entities.values()].flatMap((e) => Object.keys(e.shape.fields));
  const wished = ['id', 'role', 'roles', 'scopes', 'credits', 'ownerId', 'owner', '__v', 'plan'];
  const more = [
    'deletedAt',
    'emailVerified',
    'password',
    'balance',
    'tenant',
    'user.isAdmin',
    'job',
  ];
  return [...new Set([...all, ...wished, ...more])].map((name) => [
    name,
    worth(name, mine, stranger),
  ]);
}

function worth(name: string, mine: Owned, stranger: string): unknown {
  if (/^is[A-Z]|Verified$/.test(name)) return true;
  if (/At$|Until$|After$|^removing$/.test(name)) return '2030-01-01T00:00:00.000Z';
  if (/count|version|credits|balance|progress|losses|attempts|size/i.test(name)) return 1;
  if (/^(user|owner|ownerId|tenant)$/.test(name)) return stranger;
  if (/^_?id$/.test(name)) return mine.project.id;
  if (/^(roles|scopes|outbox|warnings|derivatives)$/.test(name)) return ['admin'];
  return 'READY';
}

async function stored({ person }: Owned): Promise<string> {
  const user = new UUID(person.id);
  const parts = [...entities.values()].map(async (e) => {
    const filter = e.name === 'User' ? { _id: user } : { user };
    if (/^(AuditEvent|MeteringFact|Stat)$/.test(e.name)) return [];
    const projection = { version: 0, updatedAt: 0, outbox: 0 };
    return adminCollection(e).find(filter, { projection }).sort({ _id: 1 }).toArray();
  });
  return JSON.stringify(await Promise.all(parts));
}

/** An admin's PATCH of an account takes two fields; a user's PATCH of their own takes neither. */
export async function noRaise(): Promise<void> {
  const alice = await given.user();
  const admin = await given.admin();
  for (const body of [{ isAdmin: true }, { isActive: true }, { isAdmin: null }]) {
    expect((await alice.patch('/v1/users/me', body)).status).toBe(422);
    expect((await alice.patch(`/v1/users/${alice.id}`, body)).status).toBe(403);
  }
  for (const name of ['email', 'username', 'hashedPassword', 'displayName', 'version', '_id']) {
    const answer = await admin.patch(`/v1/users/${alice.id}`, { isActive: true, [name]: 'x' });
    expect(answer.status, name).toBe(422);
  }
  expect((await alice.get('/v1/users/me')).body.isAdmin).toBe(false);
  expect((await alice.get('/v1/users')).status).toBe(403);
}
