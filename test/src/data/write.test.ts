import '../../harness/place.ts';
import mongoose, { type mongo } from 'mongoose';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { systemCtx } from '../../../src/context.ts';
import { connect, database } from '../../../src/data/connection.ts';
import { isOutage } from '../../../src/data/failures.ts';
import { newId, type UUID } from '../../../src/data/ids.ts';
import { findOne } from '../../../src/data/read.ts';
import { insert, update } from '../../../src/data/write.ts';
import { Project } from '../../../src/models/studio/project.ts';
import { AuditEvent } from '../../../src/models/system/audit-event.ts';
import { sealAudit } from '../../../src/services/audit.ts';

const ctx = systemCtx('test');
const user = newId(Date.now());
const PRIMARY_STEPPED_DOWN = 189;

beforeAll(() => connect());

afterEach(() => {
  vi.restoreAllMocks();
});

const create = (name: string) => insert(ctx, Project, { user, name, status: 'DRAFT' });
const rename = (_id: UUID, name: string) => update(ctx, Project, { _id, user }, { set: { name } });
const actionsOn = async (document: UUID) => {
  await sealAudit(ctx);
  const events = await AuditEvent.collection.find({ document }).sort({ sequence: 1 }).toArray();
  return events.map(({ action }) => action);
};

/** The next command of this name ends as MongoDB's own fail point says. */
async function failing(command: string, how: mongo.Document): Promise<void> {
  const namespace = `${database().databaseName}.projects`;
  const data = { failCommands: [command], namespace, ...how };
  const admin = database().client.db('admin');
  await admin.command({ configureFailPoint: 'failCommand', mode: { times: 1 }, data });
}

/** After the next command, which is carried out, and what happens then, the network fails. */
function cutAfter(then: () => Promise<unknown> = async () => undefined): void {
  const db = database();
  const send = db.command.bind(db);
  vi.spyOn(db, 'command').mockImplementationOnce(async (...args) => {
    await send(...args);
    await then();
    throw new mongoose.mongo.MongoNetworkError('reset');
  });
}

const NOT_DONE = {
  'the network fails': { closeConnection: true },
  'the primary steps down': { errorCode: PRIMARY_STEPPED_DOWN },
};

test.each(Object.entries(NOT_DONE))('an insert is sent again when %s', async (_, how) => {
  await failing('insert', how);
  const { _id } = await create('Demo');
  expect(await findOne(ctx, Project, { _id })).toMatchObject({ name: 'Demo', version: 1 });
  expect(await actionsOn(_id)).toEqual(['create']);
});

test('an insert that happened before the network failed happens once', async () => {
  cutAfter();
  const { _id } = await create('Demo');
  expect(await Project.collection.countDocuments({ _id })).toBe(1);
  expect(await actionsOn(_id)).toEqual(['create']);
});

test.each(Object.entries(NOT_DONE))('a change is sent again when %s', async (_, how) => {
  const { _id } = await create('Demo');
  await failing('findAndModify', how);
  expect(await rename(_id, 'Final')).toMatchObject({ name: 'Final', version: 2 });
  expect(await actionsOn(_id)).toEqual(['create', 'update']);
});

const DONE = {
  'the network failed': () => cutAfter(),
  'its entry was sealed and the network failed': () => cutAfter(() => sealAudit(ctx)),
  'the primary stepped down': () =>
    failing('findAndModify', { writeConcernError: { code: PRIMARY_STEPPED_DOWN, errmsg: 'over' } }),
};

test.each(Object.entries(DONE))('a change that happened before %s happens once', async (_, cut) => {
  const { _id } = await create('Demo');
  await cut();
  expect(await rename(_id, 'Final')).toMatchObject({ name: 'Final', version: 2 });
  expect(await actionsOn(_id)).toEqual(['create', 'update']);
});

test('a change that comes through only while it is sent again happens once', async () => {
  const { _id } = await create('Demo');
  const db = database();
  const send = db.command.bind(db);
  const late: Parameters<typeof send>[] = [];
  vi.spyOn(db, 'command')
    .mockImplementationOnce(async (...args) => {
      late.push(args);
      throw new mongoose.mongo.MongoNetworkError('reset');
    })
    .mockImplementationOnce(async (...args) => {
      for (const first of late) await send(...first);
      return send(...args);
    });
  expect(await rename(_id, 'Final')).toMatchObject({ name: 'Final', version: 2 });
  expect(await actionsOn(_id)).toEqual(['create', 'update']);
});

test('a change whose filter finds nothing is no change, cut off or not', async () => {
  const { _id } = await create('Demo');
  await failing('findAndModify', NOT_DONE['the network fails']);
  const stranger = { _id, user: newId(Date.now()) };
  expect(await update(ctx, Project, stranger, { set: { name: 'Mine' } })).toBeNull();
  expect(await actionsOn(_id)).toEqual(['create']);
});

test('what a server refuses is not sent again', async () => {
  const { _id } = await create('Demo');
  const sent = vi.spyOn(database(), 'command');
  await failing('findAndModify', { errorCode: 2 });
  sent.mockClear();
  await expect(rename(_id, 'Final')).rejects.toMatchObject({ code: 2 });
  expect(sent).toHaveBeenCalledTimes(1);
});

test('a server that goes twice is an outage', async () => {
  const { _id } = await create('Demo');
  const gone = new mongoose.mongo.MongoServerError({ message: 'over', code: PRIMARY_STEPPED_DOWN });
  vi.spyOn(database(), 'command').mockRejectedValue(gone);
  const error = await rename(_id, 'Final').catch((thrown: unknown) => thrown);
  expect(error).toBe(gone);
  expect(isOutage(error)).toBe(true);
});
