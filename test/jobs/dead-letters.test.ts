import '../harness/place.ts';
import { beforeEach, expect, test } from 'vitest';
import { newId, UUID } from '../../src/data/ids.ts';
import { Job } from '../../src/models/jobs/job.ts';
import { type Doc, given, type Person } from '../harness/given.ts';
import { place } from '../harness/place.ts';

place({ worker: false });

interface Redriven {
  redriven: number;
  skipped: { job: string; code: string }[];
  next: string | null;
}

interface Page {
  data: Doc[];
  next: string | null;
}

const REPROCESS = { type: 'reprocess', input: { kind: 'TRACK', media: [newId(0).toString()] } };
const NOBODY = newId(0).toString();
const AWAY = { code: 'AWAY', message: 'It was away.', retryable: true };

beforeEach(async () => {
  await Job.collection.deleteMany({});
});

/** A job that has failed so many seconds ago. */
async function makeFailed(person: Person, ago: number, more: object = {}): Promise<string> {
  const { body } = await person.post<Doc>('/v1/jobs', REPROCESS);
  const completedAt = new Date(Date.now() - 1000 * ago);
  const $set = { status: 'FAILED', error: AWAY, completedAt, ...more };
  await Job.collection.updateOne({ _id: new UUID(body.id) }, { $set });
  return body.id;
}

async function redrives(admin: Person, body: object): Promise<Redriven> {
  const answer = await admin.post<Redriven & Doc>('/v1/admin/queues/redrive', body);
  expect(answer.status).toBe(200);
  return answer.body;
}

const shows = async (admin: Person, query: string) =>
  (await admin.get<Page & Doc>(`/v1/admin/queues/dead-letters?queue=UPKEEP${query}`)).body;
const statusOf = async (id: string) =>
  (await Job.collection.findOne({ _id: new UUID(id) }))?.status;

test('an administrator sees the queues and what has failed, and starts it anew', async () => {
  const [alice, admin] = [await given.user(), await given.admin()];
  const { body: waiting } = await alice.post<Doc>('/v1/jobs', REPROCESS);
  expect((await alice.get('/v1/admin/queues')).status).toBe(403);
  const { body } = await admin.get<{ data: Doc[] }>('/v1/admin/queues');
  expect(body.data.find(({ queue }) => queue === 'UPKEEP')?.depth).toBe(1);
  const job = await makeFailed(alice, 1);
  const one = { id: job, user: alice.id, error: AWAY };
  expect(await shows(admin, '')).toMatchObject({ data: [one], next: null });
  const redrive = { queue: 'UPKEEP', code: 'AWAY' };
  expect(await redrives(admin, redrive)).toEqual({ redriven: 1, skipped: [], next: null });
  expect(await redrives(admin, redrive)).toEqual({ redriven: 0, skipped: [], next: null });
  expect([await statusOf(job), await statusOf(waiting.id)]).toEqual(['QUEUED', 'QUEUED']);
});

test('what cannot be started anew is told, and holds up none of the others', async () => {
  const [rich, poor, admin] = [await given.user(), await given.user(), await given.admin()];
  const costly = await makeFailed(poor, 1, { quote: 50 });
  const first = await makeFailed(rich, 5);
  const dependent = await makeFailed(rich, 2, { after: [first] });
  const last = await makeFailed(rich, 4);
  expect(await redrives(admin, { queue: 'UPKEEP' })).toEqual({
    redriven: 2,
    skipped: [
      { job: costly, code: 'INSUFFICIENT_CREDITS' },
      { job: dependent, code: 'INVALID_STATE' },
    ],
    next: null,
  });
  const all = await Promise.all([first, last, dependent, costly].map(statusOf));
  expect(all).toEqual(['QUEUED', 'QUEUED', 'FAILED', 'FAILED']);
});

test('jobs are started anew by their ids, whoever has them, and others are told', async () => {
  const [alice, bob, admin] = [await given.user(), await given.user(), await given.admin()];
  const [hers, his, other] = [
    await makeFailed(alice, 1),
    await makeFailed(bob, 2),
    await makeFailed(bob, 3),
  ];
  const { body: open } = await bob.post<Doc>('/v1/jobs', REPROCESS);
  expect(await redrives(admin, { jobs: [hers, his, open.id, NOBODY] })).toEqual({
    redriven: 2,
    skipped: [
      { job: open.id, code: 'INVALID_STATE' },
      { job: NOBODY, code: 'NOT_FOUND' },
    ],
    next: null,
  });
  expect(await statusOf(other)).toBe('FAILED');
  const { skipped } = await redrives(admin, { jobs: [other], code: 'BROKEN' });
  expect(skipped).toEqual([{ job: other, code: 'INVALID_STATE' }]);
  const nothing = await admin.post('/v1/admin/queues/redrive', { code: 'AWAY' });
  expect(nothing.status).toBe(422);
});

test('older ones are reached by `before`, also those that failed at one moment', async () => {
  const [alice, admin] = [await given.user(), await given.admin()];
  const template = await makeFailed(alice, 0, { error: { ...AWAY, code: 'OLD' } });
  const stored = await Job.collection.findOneAndDelete({ _id: new UUID(template) });
  const now = Date.now();
  const many = Array.from({ length: 250 }, (_, n) => ({
    ...stored,
    _id: newId(now),
    // Three at a time.
    completedAt: new Date(now - 1000 * Math.floor(n / 3)),
  }));
  await Job.collection.insertMany(many as never);
  const seen: string[] = [];
  let pages = 0;
  for (let next: string | null = 'now'; next; pages++) {
    const before = next === 'now' ? '' : `&before=${next}`;
    const page: Page = await shows(admin, `&type=reprocess&code=OLD${before}`);
    seen.push(...page.data.map(({ id }) => id));
    next = page.next;
  }
  expect([pages, seen.length, new Set(seen).size]).toEqual([3, 250, 250]);
  expect((await shows(admin, '&code=AWAY')).data).toEqual([]);
  expect((await shows(admin, '&type=export')).data).toEqual([]);
  const first = await redrives(admin, { queue: 'UPKEEP' });
  expect(first).toMatchObject({ redriven: 198, skipped: [] });
  const second = await redrives(admin, { queue: 'UPKEEP', before: first.next });
  expect(second).toEqual({ redriven: 52, skipped: [], next: null });
});
