import '../harness/place.ts';
import { expect, test } from 'vitest';
import { users } from '../../functions/users.ts';
import { User } from '../../src/models/account/user.ts';
import { self } from '../../src/rules.ts';
import { conforms } from '../conforms.ts';
import { type Doc, given } from '../harness/given.ts';
import { times } from '../harness/times.ts';

type Page = { data: Doc[]; nextCursor: string | null };

const path = '/v1/users/me';
const include = ['projects', 'tracks', 'jobs', 'settings'];

conforms(
  {
    entity: User,
    options: { path, include, can: { read: self } },
    routes: users.routes.filter((r) => r.path === path),
    isSingle: true,
  },
  {
    make: async (person) => (await person.get<Doc>(path)).body,
    change: { displayName: 'Alice A.', locale: 'pt-BR' },
  },
);

test('?include= answers at most 100 children, newest first, and a cursor to the rest', async () => {
  const alice = await given.user();
  const made = await Promise.all(times(103, (n) => alice.project({ name: `No. ${n}` })));
  const { body } = await alice.get<Doc & { projects: Doc[]; _more: { projects: string } }>(
    `${path}?include=projects,settings`,
  );
  expect(body.settings).toMatchObject({ user: alice.id });
  expect(body.projects).toHaveLength(100);
  const moments = body.projects.map((p) => String(p.createdAt));
  expect(moments).toEqual(moments.toSorted().reverse());
  const rest = await alice.get<Page>(`/v1/projects?cursor=${body._more.projects}`);
  expect(rest.body.nextCursor).toBeNull();
  const seen = [...body.projects, ...rest.body.data].map((p) => p.id);
  expect(seen.toSorted()).toEqual(made.map((p) => p.id).toSorted());
});

test("?include= reaches one level deeper, and only the user's own documents", async () => {
  const [alice, bob] = await Promise.all([given.user(), given.user()]);
  const track = await alice.track();
  await bob.track();
  const { body } = await alice.get<Doc & { tracks: Doc[] }>(`${path}?include=tracks.project`);
  expect(body.tracks).toHaveLength(1);
  expect(body.tracks[0]).toMatchObject({ id: track.id, project: { id: track.project } });
  expect((await alice.get(`${path}?include=tracks.project.user`)).status).toBe(400);
  expect((await alice.get(`${path}?include=tracks.name`)).status).toBe(400);
});

test('other accounts are for administrators: 403, whether or not they exist', async () => {
  const [alice, bob] = await Promise.all([given.user(), given.user()]);
  expect((await alice.get('/v1/users')).status).toBe(403);
  expect((await alice.get(`/v1/users/${bob.id}`)).status).toBe(403);
  expect((await alice.patch(`/v1/users/${alice.id}`, { isAdmin: true })).status).toBe(403);
  expect((await alice.get(path)).body).toMatchObject({ isAdmin: false });
});

test("an administrator's paged list has each account once, while others register", async () => {
  const root = await given.admin();
  const made = await Promise.all(times(5, () => given.user()));
  for (const sort of ['createdAt', '-createdAt']) {
    const seen: string[] = [];
    let cursor = '';
    do {
      const { body } = await root.get<Page>(`/v1/users?limit=3&sort=${sort}${cursor}`);
      seen.push(...body.data.map((u) => u.id));
      cursor = body.nextCursor ? `&cursor=${body.nextCursor}` : '';
      if (seen.length === 3) await given.user();
    } while (cursor);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(expect.arrayContaining([root.id, ...made.map((p) => p.id)]));
  }
});

test('an administrator can change isActive and isAdmin of an account, and nothing else', async () => {
  const [alice, root] = await Promise.all([given.user(), given.admin()]);
  const one = `/v1/users/${alice.id}`;
  expect(await root.patch(one, { isAdmin: true })).toMatchObject({ body: { isAdmin: true } });
  expect((await alice.signsIn().then((again) => again.get('/v1/users'))).status).toBe(200);
  for (const change of [{ email: 'a@example.com' }, { displayName: 'x' }, { isAdmin: 'yes' }]) {
    expect((await root.patch(one, change)).status).toBe(422);
  }
  expect((await root.patch(one, { isAdmin: null })).status).toBe(422);
});

test('everybody reads and changes the account that is their own', async () => {
  for (const person of [await given.user(), await given.user(), await given.admin()]) {
    expect((await person.get(path)).body.id).toBe(person.id);
    expect((await person.patch(path, { bio: person.username })).body.id).toBe(person.id);
  }
});
