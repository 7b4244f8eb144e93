import { setTimeout } from 'node:timers/promises';
import Joi from 'joi';
import { expect } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { UUID } from '../../src/data/ids.ts';
import { transaction } from '../../src/data/transaction.ts';
import { type JobType, listJobTypes } from '../../src/services/jobs/job-type.ts';
import { enqueue } from '../../src/services/jobs/queue.ts';
import { workOnce } from '../../src/services/jobs/worker.ts';
import { getTicket, openStream, type Told } from './event-stream.ts';
import { given, type Person } from './given.ts';
import { type StreamServer, startStreamServer } from './stream-server.ts';
import { times } from './times.ts';
import { until } from './until.ts';

/** Work that takes a moment. */
const brief: JobType = {
  name: 'brief',
  input: Joi.object({}),
  run: async () => ({ done: true }),
};
const types = listJobTypes(brief);
const ctx = systemCtx('test');

interface Plan {
  users: number;
  /** How many listen to each of them. */
  clients: number;
  kills: number;
  /** How many jobs of each user are done between two kills. */
  jobs: number;
}

/**
 * Has clients listen to the jobs of their users, while the server that streams is killed again and again,
 * and expects that each is told each change of state once and in order.
 */
export async function expectAllTold({ users, clients, kills, jobs }: Plan): Promise<void> {
  const server = await startStreamServer();
  const people: Person[] = [];
  // One after the other: each hashes a password.
  while (people.length < users) people.push(await given.user());
  // Each change of a job's status: queued, running, completed.
  const expected = 3 * jobs * (kills + 1);
  const listening = people.flatMap((person) =>
    times(clients, () => follow(server, person, expected)),
  );
  await Promise.all(listening.map(({ opened }) => opened));
  for (let round = 0; round <= kills; round++) {
    const working = Promise.all(people.map((person) => doJobs(person, jobs)));
    if (round < kills) await server.killAndStart();
    await working;
  }
  await until(
    () => `all are told: ${listening.map(({ told }) => told.length)} of ${expected}`,
    () => listening.every(({ told }) => told.length >= expected),
    120_000,
  );
  for (const { stop } of listening) stop();
  await server.stop();
  for (const { told } of listening) expectOnceAndInOrder(told, expected);
}

function expectOnceAndInOrder(told: Told[], expected: number): void {
  expect(told.map(({ id }) => id)).toEqual(times(expected, (i) => i + 1));
  const byJob = Map.groupBy(told, ({ data }) => data.id);
  for (const states of byJob.values()) {
    expect(states.map(({ data }) => data.status)).toEqual(['QUEUED', 'RUNNING', 'COMPLETED']);
  }
}

/** Enqueues jobs of somebody, and does as many. */
async function doJobs({ id }: Person, jobs: number): Promise<void> {
  const user = new UUID(id);
  for (let n = 0; n < jobs; n++) {
    await transaction(ctx, (tx) => enqueue(tx, brief, { input: {}, user }));
    await workOnce(ctx, types, () => 60_000);
  }
}

/** A client that connects anew after each interruption, and resumes after the last event it had whole. */
function follow(server: StreamServer, person: Person, expected: number) {
  const told: Told[] = [];
  const { promise: opened, resolve } = Promise.withResolvers<void>();
  let isOver = false;
  let close = () => {};
  async function listen(): Promise<void> {
    const { pathname, search } = new URL(await getTicket(person));
    const after = told.at(-1)?.id ?? 0;
    const stream = await openStream(server.url() + pathname + search, { after }, (one) => {
      if (one.id !== undefined) told.push(one);
    });
    close = stream.close;
    if (stream.response.ok) resolve();
    await stream.over;
  }
  void (async () => {
    while (!isOver && told.length < expected) {
      // While the server is down nobody answers.
      await listen().catch(() => undefined);
      await setTimeout(20);
    }
  })();
  return {
    ...{ told, opened },
    stop: () => {
      isOver = true;
      close();
    },
  };
}
