import { expect, test } from 'vitest';
import { times } from '../harness/times.ts';
import { type Held, newText, type Problem } from './held.ts';

/** Creating, and Idempotency-Key. */
export function creates(held: Held): void {
  const {
    entity,
    path,
    someone,
    crowd,
    creates: isOffered,
    createdStatus,
    bodyFor,
    asRead,
    pages,
    of,
  } = held;
  if (!bodyFor || !isOffered) return;

  test(`POST answers ${createdStatus} with Location and ETag, and GET of the Location answers the document`, async () => {
    const alice = await someone();
    const made = await alice.post(path, await bodyFor(alice));
    expect(made.status).toBe(createdStatus);
    const location = made.headers.get('location') as string;
    expect(location).toBe(`${path}/${made.body.id}`);
    const got = await alice.get(location);
    expect(got.body).toEqual(asRead(made.body));
    expect(got.headers.get('etag')).toBe(made.headers.get('etag'));
    expect(made.body.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-/);
  });

  test("the same Idempotency-Key replays the first answer, whatever the order of the body's keys", async () => {
    const alice = await someone();
    const body = await bodyFor(alice);
    const key = { 'idempotency-key': newText() };
    const first = await alice.post(path, body, key);
    const turned = Object.fromEntries(Object.entries(body).reverse());
    const again = await alice.post(path, turned, key);
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect([again.status, again.text]).toEqual([createdStatus, first.text]);
    for (const name of ['etag', 'location', 'content-type']) {
      expect(again.headers.get(name)).toBe(first.headers.get(name));
    }
    const { body: page } = await pages(alice);
    expect(page.data.filter((d) => d.id === first.body.id)).toHaveLength(1);
  });

  test('an Idempotency-Key with another body is refused; a key whose request was refused can be used again', async () => {
    const alice = await someone();
    const body = await bodyFor(alice);
    const key = { 'idempotency-key': 'x'.repeat(255) };
    expect((await alice.post(path, { ...body, nonsense: 1 }, key)).status).toBe(422);
    expect((await alice.post(path, body, key)).status).toBe(createdStatus);
    const other = await alice.post<Problem>(path, { ...body, nonsense: 1 }, key);
    expect(other).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
    const long = { 'idempotency-key': 'x'.repeat(256) };
    expect((await alice.post(path, body, long)).status).toBe(422);
  });

  test('the same Idempotency-Key of another user is another key', async () => {
    const [alice, bob] = await Promise.all([someone(), someone()]);
    const key = { 'idempotency-key': newText() };
    const hers = await alice.post(path, await bodyFor(alice), key);
    const his = await bob.post(path, await bodyFor(bob), key);
    expect([hers.status, his.status]).toEqual([createdStatus, createdStatus]);
    expect(his.body.id).not.toBe(hers.body.id);
    expect(his.headers.get('idempotent-replayed')).toBeNull();
  });

  test(`${crowd} creates at once under one Idempotency-Key make one document`, async () => {
    const alice = await someone();
    const body = await bodyFor(alice);
    const key = { 'idempotency-key': newText() };
    const mine = of(alice);
    const before = await entity.collection.countDocuments(mine);
    const answers = await Promise.all(times(crowd, () => alice.post(path, body, key)));
    const made = answers.filter((a) => a.status === createdStatus);
    expect(new Set(made.map((a) => a.body.id)).size).toBe(1);
    const rest = answers.filter((a) => a.status !== createdStatus);
    for (const { status, body: problem } of rest) {
      expect([status, problem.code]).toEqual([409, 'IDEMPOTENCY_IN_PROGRESS']);
    }
    expect(made.filter((a) => !a.headers.get('idempotent-replayed'))).toHaveLength(1);
    expect(await entity.collection.countDocuments(mine)).toBe(before + 1);
  });
}
