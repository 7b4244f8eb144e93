import '../harness/place.ts';
import mongoose from 'mongoose';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { decode } from '../../src/data/bson.ts';
import { connect, database } from '../../src/data/connection.ts';
import { newId, type UUID } from '../../src/data/ids.ts';
import { aggregateBytes, findBytes, findOneBytes } from '../../src/data/read.ts';
import { Project } from '../../src/models/projects/project.ts';
import { adminCollection } from '../harness/admin.ts';

const ctx = systemCtx('test');
const user = newId(Date.now());
const { MongoNetworkError, MongoServerError } = mongoose.mongo;

beforeAll(async () => {
  await connect();
  const now = new Date();
  const large = Array.from({ length: 60 }, (_, n) => ({
    ...{ _id: newId(now.getTime()), user, name: `Project ${n}`, status: 'DRAFT', trackCount: 0 },
    ...{ description: 'ä'.repeat(150_000), createdAt: now, updatedAt: now, version: 1 },
  }));
  // Longer than any field may be: such an answer takes two batches.
  await adminCollection(Project).insertMany(large, { bypassDocumentValidation: true });
});

afterEach(() => {
  vi.restoreAllMocks();
});

const reads = {
  find: () => findBytes(ctx, Project, { user }, { limit: 100 }),
  aggregate: () => aggregateBytes(ctx, Project, [{ $match: { user } }]),
};

test.each(Object.entries(reads))(
  'a %s answers what one message of the database holds, and says that there is more',
  async (_, read) => {
    const commands = vi.spyOn(database(), 'command');
    const { documents, isAll } = await read();
    expect([documents.length > 50, documents.length < 60, isAll]).toEqual([true, true, false]);
    const names = documents.map((bytes) => decode<{ name: string }>(bytes).name);
    expect(new Set(names).size).toBe(documents.length);
    // Nothing is left open behind it.
    expect(commands.mock.lastCall?.[0]).toMatchObject({ killCursors: 'projects' });
  },
);

test.each(Object.entries(reads))(
  'a %s that the network cuts off is asked again, and answers the same',
  async (_, read) => {
    const uncut = await read();
    const cut = vi
      .spyOn(database(), 'command')
      .mockRejectedValueOnce(new MongoNetworkError('reset'));
    const { documents, isAll } = await read();
    expect([documents.length, isAll]).toEqual([uncut.documents.length, uncut.isAll]);
    expect(cut).toHaveBeenCalledTimes(1);
  },
);

test('a find that the network cuts off says when these are all, or none', async () => {
  for (const [who, count] of [
    [user, 3],
    [newId(1), 0],
  ] as const) {
    vi.spyOn(database(), 'command').mockRejectedValueOnce(new MongoNetworkError('reset'));
    const { documents, isAll } = await findBytes(ctx, Project, { user: who }, { limit: 3 });
    expect([documents.length, isAll]).toEqual([count, true]);
  }
});

test.each(Object.entries(reads))(
  'a %s that exceeded its time limit is not repeated',
  async (_, read) => {
    const slow = new MongoServerError({ message: 'operation exceeded time limit', code: 50 });
    vi.spyOn(database(), 'command').mockRejectedValueOnce(slow);
    await expect(read()).rejects.toBe(slow);
  },
);

test('one document is read by its id, and only for its owner', async () => {
  const some = await findBytes(ctx, Project, { user }, { limit: 1, projection: { _id: 1 } });
  const { _id } = decode<{ _id: UUID }>(some.documents[0] as Uint8Array);
  const asked = vi.spyOn(database(), 'command');
  expect(decode((await findOneBytes(ctx, Project, { user, _id })) as Uint8Array)).toMatchObject({
    _id,
    user,
  });
  expect(asked.mock.lastCall?.[0].filter).toEqual({ _id });
  expect(await findOneBytes(ctx, Project, { user: newId(Date.now()), _id })).toBeUndefined();
  expect(await findOneBytes(ctx, Project, { user, _id: newId(Date.now()) })).toBeUndefined();
});

test.each([
  ['is more than ids', { status: 'DRAFT' }],
  ['has alternatives', { $or: [{ status: 'DRAFT' }, { status: 'ACTIVE' }] }],
  ['names no field', { nothing: user }],
])('a filter that %s is asked whole', async (_, more) => {
  const asked = vi.spyOn(database(), 'command');
  const filter = { user, _id: user, ...more };
  expect(await findOneBytes(ctx, Project, filter)).toBeUndefined();
  expect(asked.mock.lastCall?.[0].filter).toEqual(filter);
});
