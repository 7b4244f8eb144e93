import '../advisories/support/setup.ts';
import '../harness/place.ts';
import { describe, expect, test } from 'vitest';
import { projects } from '../../functions/projects.ts';
import { resources } from '../../scripts/served.ts';
import { listInclusions, readIncludes } from '../../src/api/resource/include.ts';
import { systemCtx } from '../../src/context.ts';
import {
  decryptField,
  encryptField,
  listEncryptedFields,
} from '../../src/data/encrypted-fields.ts';
import { type Base, type Entity, entityNamed, type Stored } from '../../src/data/entity.ts';
import { newId, UUID } from '../../src/data/ids.ts';
import { User } from '../../src/models/account/user.ts';
import { CreditsTransaction } from '../../src/models/billing/credits-transaction.ts';
import { Export } from '../../src/models/exports/export.ts';
import { ComfyUIWorkflowConfig } from '../../src/models/generation/comfyui/workflow-config.ts';
import { ComfyUIWorkflowExecution } from '../../src/models/generation/comfyui/workflow-execution.ts';
import { Job } from '../../src/models/jobs/job.ts';
import { Track } from '../../src/models/media/track.ts';
import { Project } from '../../src/models/projects/project.ts';
import { userRoutes } from '../../src/routes/account/users.ts';
import { commandsOf } from '../advisories/support/commands.ts';
import { newText, type Page } from '../contract/held.ts';
import { type Doc, given, type Person } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { stored } from '../harness/stored.ts';
import { times } from '../harness/times.ts';

// What is counted are the commands of one request, not a worker's beside it.
place({ worker: false });

type Full = Doc & Record<string, Doc[]> & { _more?: Record<string, string> };

const myIncludes = includesOf(userRoutes.find((r) => r.id === 'getMe'));
const subjects = [
  { entity: User as Entity, path: '/v1/users', include: myIncludes },
  ...resources.map(({ entity, options: { path, include = [] } }) => ({
    entity: entity as Entity,
    path,
    include,
  })),
];

/** What a route says that may be included, but for the references inside. */
function includesOf(route: { query?: { name: string; schema?: Record<string, unknown> }[] } = {}) {
  const { items } = route.query?.find((p) => p.name === 'include')?.schema ?? {};
  return ((items as { enum?: string[] } | undefined)?.enum ?? []).filter((n) => !n.includes('.'));
}

/** As many more documents like this one; what is encrypted is so for each. */
async function copies(entity: Entity, id: string, count: number): Promise<void> {
  const ctx = systemCtx('test');
  const made = (await entity.collection.findOne({ _id: new UUID(id) })) as Stored & Base;
  const secret = listEncryptedFields(entity).filter((path) => made[path]);
  const clear = await Promise.all(secret.map((path) => decryptField(ctx, entity, made, path)));
  const others = times(count, async (n) => {
    const other = {
      ...made,
      _id: newId(Date.now()),
      ...(entity.name === 'CreditsTransaction' && { key: newText(), sequence: n + 2 }),
    };
    const encrypted = secret.map(async (path, i) => [
      path,
      await encryptField(ctx, entity, other, path, clear[i]),
    ]);
    return { ...other, ...Object.fromEntries(await Promise.all(encrypted)) };
  });
  await entity.collection.insertMany(await Promise.all(others));
}

/** One of everything in a project. */
async function fullProject(person: Person): Promise<Doc> {
  const { id: coverImage } = await person.medium('images');
  const doc = await person.project({ coverImage });
  const project = new UUID(doc.id);
  await person.track({ project: doc.id });
  for (const kind of ['videos', 'images', 'audios'] as const) {
    await person.medium(kind, { project: doc.id });
  }
  for (const entity of [Export, Job, ComfyUIWorkflowExecution]) {
    await stored(entity as Entity, person, { project });
  }
  return doc;
}

test('a project includes everything that belongs to it, in one database command', async () => {
  const alice = await given.user();
  const doc = await fullProject(alice);
  const include = projects.options.include ?? [];
  let body = {} as Full;
  const commands = await commandsOf(async () => {
    ({ body } = await alice.get<Full>(`/v1/projects/${doc.id}?include=${include}`));
  });
  expect(commands.map((c) => c.commandName)).toEqual(['aggregate']);
  expect(body).toMatchObject({ user: { id: alice.id }, coverImage: { id: doc.coverImage } });
  for (const name of include.slice(2)) {
    expect(
      body[name]?.map((d) => d.project),
      name,
    ).toEqual([doc.id]);
  }
  expect(body).not.toHaveProperty('_more');
  expect(JSON.stringify(body)).not.toMatch(/hashedPassword|outbox|lease/);
});

test('an account includes everything that belongs to it', async () => {
  const [alice, bob] = await Promise.all([given.user(), given.user()]);
  for (const person of [alice, bob]) {
    await fullProject(person);
    await stored(entityNamed('Payment'), person);
    await person.post('/v1/consents', { purpose: 'TERMS', version: '1', granted: true });
  }
  const { id: avatar } = await alice.medium('images');
  await alice.patch('/v1/users/me', { avatar });
  const { body } = await alice.get<Full>(`/v1/users/me?include=${myIncludes}`);
  expect(body).toMatchObject({ avatar: { id: avatar }, settings: { user: alice.id } });
  for (const name of myIncludes.filter((n) => !['avatar', 'settings'].includes(n))) {
    expect(body[name]?.length, name).toBeGreaterThan(0);
    for (const child of body[name] ?? []) expect(child.user, name).toBe(alice.id);
  }
});

test('an included document includes what it refers to, in lists too, and nothing deeper', async () => {
  const alice = await given.user();
  const doc = await fullProject(alice);
  const list = await alice.get<Page>('/v1/tracks?include=project.user,project.coverImage');
  expect(list.body.data[0]).toMatchObject({
    project: { id: doc.id, user: { id: alice.id }, coverImage: { id: doc.coverImage } },
  });
  const one = await alice.get<Full>(`/v1/projects/${doc.id}?include=executions.workflow,jobs.user`);
  expect(one.body.executions?.[0]?.workflow).toMatchObject({ creditCost: 0 });
  expect(one.body.jobs?.[0]?.user).toMatchObject({ username: alice.username });
  for (const bad of ['project.user.avatar', 'project.tracks', 'project.name', 'nonsense.user']) {
    expect((await alice.get(`/v1/tracks?include=${bad}`)).status, bad).toBe(400);
  }
});

test('an include shows no document that the user may not read', async () => {
  const [alice, bob] = await Promise.all([given.user(), given.user()]);
  const workflow = await stored(ComfyUIWorkflowConfig, alice, { isPublic: true });
  const run = await stored(ComfyUIWorkflowExecution, bob, { workflow: new UUID(workflow) });
  const path = `/v1/comfyui/executions/${run}?include=workflow.user`;
  const shown = (await bob.get<Doc>(path)).body.workflow;
  expect(shown).toMatchObject({ id: workflow, user: alice.id });
  await alice.patch(`/v1/comfyui/workflows/${workflow}`, { isPublic: false });
  expect((await bob.get<Doc>(path)).body.workflow).toBe(workflow);
});

test('a list with includes is one database command, however many rows it has', async () => {
  const alice = await given.user();
  const doc = await fullProject(alice);
  const ask = (limit: number) =>
    commandsOf(() =>
      alice.get(`/v1/projects?limit=${limit}&include=user,tracks.user,jobs,coverImage`),
    );
  for (const count of [0, 30, 120]) {
    if (count) await copies(Project, doc.id, count);
    for (const limit of [20, 100]) {
      const commands = (await ask(limit)).map((c) => c.commandName);
      expect(commands, `${count} ${limit}`).toEqual(['aggregate']);
    }
  }
});

test('the longer a list, the fewer children it includes for each: never more than 2000 in all', async () => {
  const alice = await given.user();
  const { id: project } = await alice.project();
  const { id } = await alice.track({ project });
  await copies(Track, id, 129);
  const job = await stored(Job, alice, { project: new UUID(project) });
  await copies(Job, job, 129);
  for (const [query, most] of [
    ['limit=20&include=tracks', 100],
    ['limit=100&include=tracks', 20],
    ['limit=100&include=tracks,jobs', 10],
    ['limit=1&include=tracks,jobs', 100],
  ] as const) {
    const { body } = await alice.get<{ data: Full[] }>(`/v1/projects?${query}`);
    const [shown] = body.data;
    expect(shown?.tracks, query).toHaveLength(most);
    const rest: string[] = [];
    for (let cursor: string | null = shown?._more?.tracks ?? ''; cursor; ) {
      const page: Page = (
        await alice.get<Page>(`/v1/tracks?project=${project}&limit=100&cursor=${cursor}`)
      ).body;
      rest.push(...page.data.map((d) => d.id));
      cursor = page.nextCursor;
    }
    const all = new Set([...(shown?.tracks ?? []).map((d) => d.id), ...rest]);
    expect([all.size, rest.length], query).toEqual([130, 130 - most]);
  }
});

test('exactly as many children as are included at most come without a cursor', async () => {
  const alice = await given.user();
  const { id: project } = await alice.project();
  const { id } = await alice.track({ project });
  await copies(Track, id, 99);
  const path = `/v1/projects/${project}?include=tracks`;
  const { body } = await alice.get<Full>(path);
  expect(body.tracks).toHaveLength(100);
  expect(body).not.toHaveProperty('_more');
  await alice.track({ project });
  expect((await alice.get<Full>(path)).body._more).toHaveProperty('tracks');
});

test('an ETag of a document with what it includes changes with that', async () => {
  const alice = await given.user();
  const { id: project } = await alice.project();
  const track = await alice.track({ project });
  const path = `/v1/projects/${project}?include=tracks`;
  const seen = { 'if-none-match': (await alice.get(path)).headers.get('etag') as string };
  expect((await alice.get(path, seen)).status).toBe(304);
  await alice.patch(`/v1/tracks/${track.id}`, { name: 'Renamed' });
  expect((await alice.get(path, seen)).status).toBe(200);
});

const many = subjects.flatMap(({ entity, path, include }) =>
  readIncludes(entity, include, include.join())
    .filter((r) => r.kind === 'many')
    .map((r) => ({ ...r, parent: entity, where: path })),
);

describe.concurrent('of more than 100 children 100 are included, and a cursor leads to the rest:', () => {
  test.each(many.map((r) => [`${r.where}?include=${r.name}`, r] as const))('%s', async (_, r) => {
    const isAdmins = r.parent.options.owner === 'none' && r.parent.name !== 'User';
    const alice = await (isAdmins ? given.admin() : given.user());
    const isUser = r.parent.name === 'User';
    const id = isUser ? alice.id : await stored(r.parent, alice);
    const child = await stored(r.to, alice, isUser ? {} : { [r.path]: new UUID(id) });
    await copies(r.to, child, 102);
    const own = isUser ? '/v1/users/me' : `${r.where}/${id}`;
    const { body } = await alice.get<Full>(`${own}?include=${r.name}`);
    const shown = body[r.name] ?? [];
    expect(shown).toHaveLength(100);
    const list = resources.find((it) => it.entity.name === r.to.name)?.options.path;
    const filter = isUser ? '' : `${r.path}=${id}&`;
    const rest = await alice.get<Page>(`${list}?${filter}cursor=${body._more?.[r.name]}`);
    expect(rest.status, rest.text).toBe(200);
    expect(rest.body.nextCursor).toBeNull();
    expect(new Set([...shown, ...rest.body.data].map((d) => d.id)).size).toBe(103);
  });
});

test('everything that can be included can be asked for at once, and is in the OpenAPI document', () => {
  for (const { entity, include } of subjects) {
    const all = listInclusions(entity, include);
    expect(readIncludes(entity, include, all.join()).map((r) => r.name)).toEqual(include);
  }
  expect(many.map((r) => r.to.name)).toContain(CreditsTransaction.name);
});
