import '../harness/place.ts';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Answer, runOnce } from '../../src/api/http/idempotency.ts';
import { type Ctx, systemCtx } from '../../src/context.ts';
import { idText, newId, UUID } from '../../src/data/ids.ts';
import { insert } from '../../src/data/write.ts';
import { IdempotencyRecord } from '../../src/models/api/idempotency-record.ts';
import { Project } from '../../src/models/projects/project.ts';
import { adminCollection } from '../harness/admin.ts';
import { given } from '../harness/given.ts';
import { place } from '../harness/place.ts';

place({ worker: false });

afterEach(() => {
  vi.restoreAllMocks();
});

const HOUR = 3_600_000;
const newKey = () => idText(newId(Date.now()));
const answers = (body: string) => async (): Promise<Answer> => ({ status: 200, headers: {}, body });
const replayed = { 'idempotent-replayed': 'true' };

/** Asks at a time that stands still, however long the machine takes. */
function asksAt(time: number, key: string, run: () => Promise<Answer>): Promise<Answer> {
  const ctx: Ctx = { ...systemCtx('test'), clock: () => time };
  return runOnce(ctx, key, 'POST /x', {}, run);
}

test('a key is held for 35 s by a try that gives no answer, and then by the next one', async () => {
  const [now, key] = [Date.now(), newKey()];
  const begun = Promise.withResolvers<void>();
  void asksAt(now, key, () => {
    begun.resolve();
    return new Promise<never>(() => undefined);
  });
  await begun.promise;
  await expect(asksAt(now + 33_000, key, answers('too early'))).rejects.toMatchObject({
    code: 'IDEMPOTENCY_IN_PROGRESS',
  });
  expect(await asksAt(now + 36_000, key, answers('second'))).toMatchObject({ body: 'second' });
});

test('an answer is kept for 24 hours, and then the database deletes it', async () => {
  const [now, key] = [Date.now(), newKey()];
  await IdempotencyRecord.collection.deleteMany({});
  await asksAt(now, key, answers('first'));
  const late = await asksAt(now + 24 * HOUR - 1, key, answers('second'));
  expect(late).toMatchObject({ body: 'first', headers: replayed });
  const [record] = await IdempotencyRecord.collection.find().toArray();
  const kept = record?.expiresAt.getTime() - record?.createdAt.getTime();
  expect(Math.abs(kept - 24 * HOUR)).toBeLessThan(1000);
  const indexes = await adminCollection(IdempotencyRecord).listIndexes().toArray();
  expect(indexes).toContainEqual(
    expect.objectContaining({ key: { expiresAt: 1 }, expireAfterSeconds: 0 }),
  );
});

test('the key of somebody without a token is that of their address and of the account they name', async () => {
  const key = newKey();
  const callers = [
    ['192.0.2.1', { login: 'ada' }],
    ['192.0.2.2', { login: 'ada' }],
    ['192.0.2.1', { login: 'bob' }],
    ['192.0.2.1', { email: 'ada@example.com' }],
    ['192.0.2.1', { refreshToken: 'of-ada' }],
    ['192.0.2.1', {}],
  ] as const;
  for (const headers of [{}, replayed]) {
    for (const [ip, body] of callers) {
      const ctx: Ctx = { ...systemCtx('test'), actor: { kind: 'ANONYMOUS' }, ip };
      const own = JSON.stringify([ip, body]);
      const answer = await runOnce(ctx, key, 'POST /x', body, answers(own));
      expect(answer, own).toEqual({ status: 200, headers, body: own });
    }
  }
});

test('a create that was cut off before its answer is answered by its retry with what it has made', async () => {
  const alice = await given.user();
  const headers = { 'idempotency-key': newKey() };
  const makes = () => alice.post('/v1/projects', { name: 'First light' }, headers);
  const first = await makes();
  const cutOff = { $unset: { answer: 1 as const }, $set: { runningUntil: new Date(0) } };
  const promised = { promisedId: new UUID(first.body.id) };
  expect((await IdempotencyRecord.collection.updateOne(promised, cutOff)).matchedCount).toBe(1);
  const retry = await makes();
  expect([retry.status, retry.body]).toEqual([201, first.body]);
  expect(retry.headers.get('idempotent-replayed')).toBeNull();
  expect(await Project.collection.countDocuments({ user: new UUID(alice.id) })).toBe(1);
});

test('a key is of one path and query: the same body to another path or query is another request', async () => {
  const alice = await given.user();
  const reused = { status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } };
  const [one, other] = [await alice.project(), await alice.project()];
  const path = { 'idempotency-key': newKey() };
  expect((await alice.post(`/v1/projects/${one.id}/activate`, undefined, path)).status).toBe(200);
  const activated = await alice.post(`/v1/projects/${other.id}/activate`, undefined, path);
  expect(activated).toMatchObject(reused);
  const query = { 'idempotency-key': newKey() };
  const song = { name: 'Song', fileName: 'a.mp3', contentType: 'audio/mpeg', size: 1 };
  const body = { ...song, project: one.id };
  expect((await alice.post('/v1/tracks', body, query)).status).toBe(201);
  expect(await alice.post('/v1/tracks?onDuplicate=reuse', body, query)).toMatchObject(reused);
});

test('the id that is promised to a key is that of one document, and of no other beside it', async () => {
  const promisedId = newId(Date.now());
  const ctx: Ctx = { ...systemCtx('test'), promisedId };
  const makes = () => insert(ctx, Project, { user: newId(Date.now()), name: 'First light' });
  const [first, second] = [await makes(), await makes()];
  expect(first._id).toEqual(promisedId);
  expect(second._id).not.toEqual(promisedId);
});

describe('while the database is away a key is not held for a try that has ended:', () => {
  const { collection } = IdempotencyRecord;
  const away = () => Promise.reject(new Error('The database is away.'));
  const fails = async (ctx: Ctx) => {
    ctx.noteWrite?.();
    return away();
  };
  const ask = (key: string, run: (ctx: Ctx) => Promise<Answer>) =>
    runOnce(systemCtx('test'), key, 'POST /x', {}, run);

  test('one that failed, and could not say so', async () => {
    const key = newKey();
    vi.spyOn(collection, 'bulkWrite').mockImplementationOnce(away);
    await expect(ask(key, fails)).rejects.toThrow('away');
    expect(await ask(key, answers('second'))).toMatchObject({ body: 'second' });
  });

  test('one whose answer could not be stored', async () => {
    const key = newKey();
    vi.spyOn(collection, 'updateOne').mockImplementationOnce(away);
    vi.spyOn(collection, 'bulkWrite').mockImplementationOnce(away);
    await expect(ask(key, answers('first'))).rejects.toThrow('away');
    expect(await ask(key, answers('second'))).toMatchObject({ body: 'second' });
  });

  test('one that took the key, and was never told so', async () => {
    const key = newKey();
    const take = collection.findOneAndUpdate.bind(collection);
    vi.spyOn(collection, 'findOneAndUpdate').mockImplementationOnce(async (...args) => {
      await take(...args);
      return away();
    });
    await expect(ask(key, answers('first'))).rejects.toThrow('away');
    expect(await ask(key, answers('second'))).toMatchObject({ body: 'second' });
  });

  test('one that another has taken over is left to that one', async () => {
    const [now, key] = [Date.now(), newKey()];
    const [ends, second] = [Promise.withResolvers<Answer>(), Promise.withResolvers<Answer>()];
    const begun = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const first = asksAt(now, key, () => {
      begun[0]?.resolve();
      return ends.promise;
    });
    await begun[0]?.promise;
    const over = asksAt(now + 36_000, key, () => {
      begun[1]?.resolve();
      return second.promise;
    });
    await begun[1]?.promise;
    ends.reject(new Error('too late'));
    await expect(first).rejects.toThrow('too late');
    second.resolve({ status: 200, headers: {}, body: 'second' });
    expect(await over).toMatchObject({ body: 'second' });
  });
});
