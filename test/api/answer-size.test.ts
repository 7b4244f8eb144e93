import '../harness/place.ts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { resources } from '../../scripts/served.ts';
import { checkSize } from '../../src/api/json/answer-size.ts';
import { findRelation, listReferences } from '../../src/api/resource/include.ts';
import { systemCtx } from '../../src/context.ts';
import { makeAuditEntry, makeLooseEvent } from '../../src/data/audit.ts';
import { type Base, type Entity, entities, type Stored } from '../../src/data/entity.ts';
import { newId, UUID } from '../../src/data/ids.ts';
import type { Shape } from '../../src/data/shape.ts';
import { User } from '../../src/models/account/user.ts';
import { LooseEvent } from '../../src/models/audit/loose-event.ts';
import { MediumVersion } from '../../src/models/media/medium-version.ts';
import { Track } from '../../src/models/media/track.ts';
import { Project } from '../../src/models/projects/project.ts';
import { appendToChain } from '../../src/services/audit/chain.ts';
import type { Page } from '../contract/held.ts';
import { adminCollection } from '../harness/admin.ts';
import { type Answer, type Doc, given, type Person } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { stored } from '../harness/stored.ts';
import { times } from '../harness/times.ts';

place({ worker: false });

const MB_5 = 5_000_000;
const KB = 1000;

/** The bytes of an answer as Lambda counts them: the JSON of what a function returns. */
function bytesOf({ status, headers, text }: Answer<unknown>): number {
  const result = { statusCode: status, headers: Object.fromEntries(headers), body: text };
  return Buffer.byteLength(JSON.stringify(result));
}

/** Characters, which take one to seven bytes in an answer for each in UTF-8. */
const UNITS = ['x', 'é', '\u2028', '🎵', '"', '\\', '\n', '\u0001'];

interface Text {
  unit: string;
  length: number;
}

/** One document fits into an answer, of whatever its text is. */
const MOST_TEXT = 600 * KB;

const textOf = ({ unit, length }: Text) => unit.repeat(length / Buffer.byteLength(unit));

const aText = (most: number): fc.Arbitrary<Text> =>
  fc.record({
    unit: fc.constantFrom(...UNITS),
    length: fc.constantFrom(1, most / 100, most / 10, most),
  });

/** Stores copies of a document, past its validator: larger ones than any field may be. */
async function copies(entity: Entity, id: string, all: Record<string, unknown>[]): Promise<UUID[]> {
  const made = (await entity.collection.findOne({ _id: new UUID(id) })) as Stored;
  const now = Date.now();
  // A few of them in each millisecond, so that ids break ties.
  const documents = all.map((own, n) => {
    const createdAt = new Date(now + Math.floor(n / 3));
    return { ...made, _id: newId(now), createdAt, ...own };
  });
  await adminCollection(entity).insertMany(documents, { bypassDocumentValidation: true });
  return documents.map(({ _id }) => _id);
}

type Full = Doc & { tracks: Doc[]; _more?: Record<string, string> };

/** Follows a list from a cursor, or its beginning, to its end; no page is too large, or empty. */
async function follow<T extends Doc>(person: Person, path: string, from?: string): Promise<T[]> {
  const all: T[] = [];
  for (let cursor: string | null | undefined = from; cursor !== null; ) {
    const at: string = cursor === undefined ? path : `${path}&cursor=${cursor}`;
    const page: Answer<Page> = await person.get<Page>(at);
    expect(page.status, page.text.slice(0, 300)).toBe(200);
    expect(bytesOf(page)).toBeLessThanOrEqual(MB_5);
    if (cursor !== undefined || page.body.nextCursor) expect(page.body.data).not.toEqual([]);
    all.push(...(page.body.data as T[]));
    cursor = page.body.nextCursor;
  }
  return all;
}

/** All tracks of a project: those that it includes, and those to which its cursor leads. */
async function followTracks(person: Person, { id, tracks, _more }: Full): Promise<string[]> {
  const shown = tracks.map((d) => d.id);
  if (!_more) return shown;
  const path = `/v1/tracks?project=${id}&limit=100`;
  const rest = await follow(person, path, _more.tracks);
  return [...shown, ...rest.map((d) => d.id)];
}

const newestFirst = (ids: UUID[]) => ids.map(String).toReversed();

test('a page of any documents has at most 5 MB, and its cursors lead to each of them once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(aText(MOST_TEXT), { minLength: 1, maxLength: 15, size: 'max' }),
      fc.constantFrom(3, 100),
      async (texts, limit) => {
        const alice = await given.user();
        const { id } = await alice.project();
        const settings = texts.map((t) => ({ settings: { [t.unit]: textOf(t) } }));
        const ids = await copies(Project, id, settings);
        const all = await follow(alice, `/v1/projects?limit=${limit}&createdAt[gte]=2026-01-01`);
        expect(all.map((d) => d.id)).toEqual([...newestFirst(ids), id]);
        expect(all[0]?.settings).toEqual(settings.at(-1)?.settings);
      },
    ),
    { numRuns: 4, endOnFailure: true },
  );
});

test('with whatever it includes a page has at most 5 MB, and cursors lead to all of that once', async () => {
  const someTracks = fc.array(aText(400 * KB), { maxLength: 15, size: 'max' });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(aText(MOST_TEXT), someTracks), { minLength: 1, maxLength: 4, size: 'max' }),
      async (all) => {
        const alice = await given.user();
        const { id: first } = await alice.project();
        const { id: track } = await alice.track({ project: first });
        const ids = await copies(
          Project,
          first,
          all.map(([text]) => ({ settings: { text: textOf(text) } })),
        );
        const held = new Map<string, string[]>([[first, [track]]]);
        for (const [n, project] of ids.entries()) {
          const texts = all[n]?.[1] ?? [];
          const tracks = texts.map((t) => ({ project, metadata: { title: textOf(t) } }));
          const made = tracks.length > 0 ? await copies(Track, track, tracks) : [];
          held.set(String(project), newestFirst(made));
        }
        const include = 'include=user,tracks.user,jobs';
        const listed = await follow<Full>(alice, `/v1/projects?limit=100&${include}`);
        expect(listed.map((d) => d.id)).toEqual([...newestFirst(ids), first]);
        for (const project of listed) {
          expect(await followTracks(alice, project)).toEqual(held.get(project.id));
          const one = await alice.get<Full>(`/v1/projects/${project.id}?${include}`);
          expect(bytesOf(one)).toBeLessThanOrEqual(MB_5);
          expect(await followTracks(alice, one.body)).toEqual(held.get(project.id));
        }
      },
    ),
    { numRuns: 3, endOnFailure: true },
  );
});

test('a page ends only before a document that does not fit', async () => {
  const alice = await given.user();
  const { id } = await alice.project();
  const text = '"\\é'.repeat(20 * KB);
  await copies(
    Project,
    id,
    times(50, () => ({ settings: { text } })),
  );
  const { body, text: page, ...rest } = await alice.get<Page>('/v1/projects?limit=100');
  const one = Buffer.byteLength(JSON.stringify(JSON.stringify(body.data[0])));
  const size = bytesOf({ body, text: page, ...rest });
  expect(body.nextCursor).toBeTypeOf('string');
  expect(size + one).toBeGreaterThan(MB_5 - 50 * KB);
});

test('where the children of a document exceed what MongoDB holds in one, fewer are included', async () => {
  const alice = await given.user();
  const { id: project } = await alice.project();
  const { id: track } = await alice.track({ project });
  const metadata = { title: 'x'.repeat(300 * KB) };
  const ids = await copies(
    Track,
    track,
    times(99, () => ({ metadata })),
  );
  const expected = [...newestFirst(ids), track];
  const { body } = await alice.get<Full>(`/v1/projects/${project}?include=tracks`);
  expect(body.tracks.length).toBeGreaterThan(0);
  expect(await followTracks(alice, body)).toEqual(expected);
  const listed = await alice.get<Page>('/v1/projects?include=tracks');
  expect((listed.body.data[0] as Full).tracks).toEqual(body.tracks);
});

test('where no child fits, a cursor leads to all of them', async () => {
  const alice = await given.user();
  const settings = { text: 'x'.repeat(4900 * KB) };
  const { id } = await alice.project();
  const [project] = await copies(Project, id, [{ settings }]);
  const { id: track } = await alice.track({ project: id });
  const metadata = { title: 'x'.repeat(200 * KB) };
  const ids = await copies(
    Track,
    track,
    times(3, () => ({ project, metadata })),
  );
  const { body } = await alice.get<Full>(`/v1/projects/${project}?include=tracks`);
  expect(body.tracks).toEqual([]);
  expect(await followTracks(alice, body)).toEqual(newestFirst(ids));
});

test('pages of versions, too, end early', async () => {
  const alice = await given.user();
  const id = await stored(MediumVersion, alice);
  const large = { metadata: { title: '"'.repeat(150 * KB) } };
  const ids = await copies(
    MediumVersion,
    id,
    times(10, () => large),
  );
  const all = (await follow(alice, '/v1/versions?limit=100')).map((d) => d.id);
  expect(all.filter((one) => ids.map(String).includes(one))).toEqual(newestFirst(ids));
});

test('pages of audit events, whose values are encrypted, end early', async () => {
  const alice = await given.user();
  const change = { path: 'name', before: '', after: '"'.repeat(120 * KB) };
  const [ctx, owner] = [systemCtx('test'), { _id: new UUID(alice.id) } as Base];
  const events = times(10, () =>
    makeLooseEvent(User, owner, makeAuditEntry(ctx, 'test', [change])),
  );
  await LooseEvent.collection.insertMany(events);
  await appendToChain(ctx);
  const all = await follow(alice, '/v1/audit-events?limit=100');
  const large = all.filter(({ action }) => action === 'test').map((d) => d.id);
  expect(large.toSorted()).toEqual(events.map(({ _id }) => String(_id)).toSorted());
});

test('a document that no answer can hold is an error that says so, and can be read in part', async () => {
  const alice = await given.user();
  const { id } = await alice.project();
  await copies(Project, id, [{ settings: { text: '"'.repeat(2000 * KB) } }]);
  for (const path of ['/v1/projects', '/v1/projects?include=tracks']) {
    const { status, body, text } = await alice.get(path);
    expect([status, body.code, text.length < 1000]).toEqual([500, 'ANSWER_TOO_LARGE', true]);
    expect(body.detail).toContain('`fields`');
  }
  expect((await alice.get<Page>('/v1/projects?fields=name')).body.data).toHaveLength(2);
});

test('a body is measured as Lambda does', () => {
  const most = 5_000_000 - 16 * 1024;
  for (const unit of ['x', '"', '\u0001', '🎵', '\ud800']) {
    const one = Buffer.byteLength(JSON.stringify(unit)) - 2;
    const fits = unit.repeat(Math.floor((most - 2) / one));
    expect(() => checkSize(fits), unit).not.toThrow();
    expect(() => checkSize(fits + unit), unit).toThrow(/5 MB/);
  }
});

/** The most that a client can send of a field, a body of 1 MiB, whose quotes are escaped once more. */
const MOST_SENT = 2 * 1024 * 1024;
/** What only the server writes, and no schema limits: no more than so many items or characters. */
const MOST_OURS = 100;

/** What no answer holds, as a whole: services alone read it. */
const UNANSWERED = new Set(['MeteringFact', 'ComfyUIWorkflowRevision']);

/** The graph of a workflow may have 2 MiB, and 4 with its quotes escaped: ANSWER_TOO_LARGE says to include less. */
const ASKS_FOR_MORE = new Set([
  'ComfyUIWorkflowConfig',
  'ComfyUIWorkflowExecution',
  'ComfyUIResourceUsage',
]);

/** The most bytes of a value in an answer. */
function mostBytes(shape: Shape): number {
  switch (shape.kind) {
    case 'string': {
      const longest = shape.enum && Math.max(...shape.enum.map((e) => e.length));
      return 4 + 7 * (longest ?? shape.max ?? MOST_OURS);
    }
    case 'free':
      return 2 * (shape.maxBytes ?? Number.POSITIVE_INFINITY);
    case 'map':
      return MOST_OURS * (100 + mostBytes(shape.values));
    case 'array':
      return (shape.max ?? MOST_OURS) * mostBytes(shape.items);
    case 'encrypted':
      return shape.shows ? 100 : mostBytes(shape.inner);
    case 'object':
      return Object.entries(shape.fields)
        .filter(([, field]) => !field.hidden)
        .reduce((sum, [name, field]) => {
          const most = mostBytes(field.shape);
          return sum + name.length + 6 + (field.server ? most : Math.min(most, MOST_SENT));
        }, 2);
    default:
      return 50;
  }
}

test('no document of any model can be too large for an answer, nor with all that it refers to', () => {
  for (const entity of entities.values()) {
    if (UNANSWERED.has(entity.name)) continue;
    expect(mostBytes(entity.shape), entity.name).toBeLessThan(MB_5);
  }
  for (const { entity, options } of resources) {
    const single = (options.include ?? [])
      .map((name) => findRelation(entity as Entity, name))
      .filter(({ kind }) => kind === 'reference' || kind === 'one');
    const sizes = single.map(({ to }) => {
      const inner = listReferences(to).map((name) => mostBytes(findRelation(to, name).to.shape));
      return { to, most: mostBytes(to.shape) + inner.reduce((a, b) => a + b, 0) };
    });
    // A version is of one medium: of the four that it may refer to, the largest counts.
    const isOne = ({ to }: { to: Entity }) =>
      entity.name === 'MediumVersion' && to.schema.path('derivatives') !== undefined;
    const alternative = Math.max(0, ...sizes.filter(isOne).map(({ most }) => most));
    const whole = sizes
      .filter((one) => !isOne(one))
      .reduce((sum, { most }) => sum + most, mostBytes(entity.shape) + alternative);
    const fits = whole < MB_5 || ASKS_FOR_MORE.has(entity.name);
    expect([entity.name, fits, whole]).toEqual([entity.name, true, whole]);
  }
});
