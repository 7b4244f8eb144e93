import '../harness/place.ts';
import mongoose, { type mongo } from 'mongoose';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { connect, database, disconnect } from '../../src/data/connection.ts';
import { INTERACTIVE } from '../../src/data/deadlines.ts';
import { isOutage } from '../../src/data/failures.ts';
import { newId, type UUID } from '../../src/data/ids.ts';
import { findBytes } from '../../src/data/read.ts';
import { insert, update } from '../../src/data/write.ts';
import { AuditEvent } from '../../src/models/audit/audit-event.ts';
import { Project } from '../../src/models/projects/project.ts';
import { appendToChain } from '../../src/services/audit/chain.ts';
import { adminDatabase } from '../harness/admin.ts';
import { until } from '../harness/until.ts';

const ctx = systemCtx('test');
const user = newId(Date.now());
const STEPPED_DOWN = 189;
/** In ms; longer than a call may take. */
const LATE = 3000;

// How long a call may take is part of what is tried.
beforeAll(async () => {
  await disconnect();
  await connect(INTERACTIVE);
});

afterEach(async () => {
  vi.restoreAllMocks();
  await adminDatabase()
    .client.db('admin')
    .command({ configureFailPoint: 'failCommand', mode: 'off' });
});

const create = (name: string) => insert(ctx, Project, { user, name, status: 'DRAFT' });
const rename = (_id: UUID, name: string) => update(ctx, Project, { _id, user }, { set: { name } });
const stored = (_id: UUID) => Project.collection.findOne({ _id });
const actionsOn = async (document: UUID) => {
  await appendToChain(ctx);
  const events = await AuditEvent.collection.find({ document }).sort({ sequence: 1 }).toArray();
  return events.map(({ action }) => action);
};

/** The next command of this name ends as a fail point says; a mongod has one: no other file may use it. */
async function failing(command: string, how: mongo.Document): Promise<void> {
  const namespace = `${database().databaseName}.projects`;
  const data = { failCommands: [command], namespace, ...how };
  const admin = adminDatabase().client.db('admin');
  await admin.command({ configureFailPoint: 'failCommand', mode: { times: 1 }, data });
}

const CUT_OFF = {
  'the network fails': { closeConnection: true },
  'the primary steps down before': {
    errorCode: STEPPED_DOWN,
    errorLabels: ['RetryableWriteError'],
  },
  'the primary steps down after': {
    writeConcernError: { code: STEPPED_DOWN, errmsg: 'over' },
    errorLabels: ['RetryableWriteError'],
  },
};

test.each(Object.entries(CUT_OFF))('an insert happens once when %s it', async (_, how) => {
  await failing('insert', how);
  const { _id } = await create('Demo');
  expect(await stored(_id)).toMatchObject({ name: 'Demo', version: 1 });
  expect(await actionsOn(_id)).toEqual(['create']);
});

test.each(Object.entries(CUT_OFF))('a change happens once when %s it', async (_, how) => {
  const { _id } = await create('Demo');
  await failing('findAndModify', how);
  expect(await rename(_id, 'Final')).toMatchObject({ name: 'Final', version: 2 });
  expect(await actionsOn(_id)).toEqual(['create', 'update']);
});

test('a late retry does not overwrite a change that was acknowledged since', async () => {
  const { _id } = await create('Demo');
  const began = Date.now();
  await failing('findAndModify', { blockConnection: true, blockTimeMS: LATE });
  expect(await rename(_id, 'Old')).toMatchObject({ name: 'Old', version: 2 });
  expect(await rename(_id, 'New')).toMatchObject({ name: 'New', version: 3 });
  // The first attempt was given up, and comes through only now.
  await until('it has come through', () => Date.now() > began + LATE + 300);
  expect(await stored(_id)).toMatchObject({ name: 'New', version: 3 });
  expect(await actionsOn(_id)).toEqual(['create', 'update', 'update']);
});

test('after a step-down the driver uses the server again as soon as it is primary', async () => {
  const { _id } = await create('Demo');
  const took: number[] = [];
  for (let n = 0; n < 3; n++) {
    await failing('find', { errorCode: STEPPED_DOWN });
    const began = performance.now();
    for (const { documents } of [
      await findBytes(ctx, Project, { _id }, { limit: 1 }),
      await findBytes(ctx, Project, { _id }, { limit: 1 }),
    ]) {
      expect(documents).toHaveLength(1);
    }
    took.push(performance.now() - began);
  }
  // A driver that does not understand such an answer waits for the next heartbeat, for seconds, each time.
  expect(Math.min(...took)).toBeLessThan(900);
});

test('a server that shuts down counts as an outage, not as an error of ours', async () => {
  const { _id } = await create('Demo');
  const gone = new mongoose.mongo.MongoServerError({ message: 'over', code: STEPPED_DOWN });
  vi.spyOn(Project.collection, 'findOneAndUpdate').mockRejectedValue(gone);
  expect(isOutage(await rename(_id, 'Final').catch((error: unknown) => error))).toBe(true);
});

test('several writes at once that could not be sent are an outage, as a single one is', async () => {
  const admin = adminDatabase().client.db('admin');
  const namespace = `${database().databaseName}.projects`;
  const data = { failCommands: ['update'], namespace, closeConnection: true };
  // The first try, and the driver's second one.
  await admin.command({ configureFailPoint: 'failCommand', mode: { times: 2 }, data });
  const change = {
    updateOne: { filter: { _id: newId(Date.now()) }, update: { $set: { name: 'x' } } },
  };
  const error = await Project.collection.bulkWrite([change]).catch((thrown: unknown) => thrown);
  expect(isOutage(error)).toBe(true);
});
