// Import this only after the environment is set.
import { handler } from '../functions/projects.ts';
import { encode } from '../src/data/bson.ts';
import { database } from '../src/data/connection.ts';
import { Project } from '../src/models/projects/project.ts';
import { makeEvent } from './event.ts';
import { median } from './statistics.ts';

const ROUNDS = 9;
const CALLS = 2000;

/**
 * Measures the CPU time of the handler from event to answer while the database answers at once, in
 * µs, as the median of several rounds: cached token, joi, access rule, audit entry, validation,
 * serialisation.
 */
export async function measureOwnCode(id: string, token: string): Promise<Record<string, number>> {
  const path = '/v1/projects';
  const calls = {
    'GET of one': makeEvent({ method: 'GET', path: `${path}/${id}`, token }),
    POST: makeEvent({ method: 'POST', path, token, body: { name: 'New', description: 'A song' } }),
    PATCH: makeEvent({ method: 'PATCH', path: `${path}/${id}`, token, body: { name: 'Other' } }),
  };
  for (const event of Object.values(calls)) await callHandler(event); // with the real database, once
  const document = await Project.collection.findOne({});
  const found = { id: 0, firstBatch: [encode(document as object)] };
  const own = Object.getOwnPropertyDescriptor(Project, 'collection') as PropertyDescriptor;
  const db = database();
  // These calls use only these three commands.
  const atOnce = async () => document;
  const value = { insertOne: atOnce, findOneAndUpdate: atOnce };
  Object.defineProperty(Project, 'collection', { value, configurable: true });
  db.command = async () => ({ cursor: found });
  try {
    const cost: Record<string, number> = {};
    for (const [name, event] of Object.entries(calls)) cost[name] = await measureCall(event);
    return cost;
  } finally {
    Object.defineProperty(Project, 'collection', own);
    Reflect.deleteProperty(db, 'command'); // removes the override
  }
}

async function measureCall(event: ReturnType<typeof makeEvent>): Promise<number> {
  const rounds: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const before = process.cpuUsage();
    for (let i = 0; i < CALLS; i++) await callHandler(event);
    const { user, system } = process.cpuUsage(before);
    if (round > 0) rounds.push((user + system) / CALLS);
  }
  return median(rounds);
}

async function callHandler(event: ReturnType<typeof makeEvent>): Promise<void> {
  const answer = await handler(event, {} as Parameters<typeof handler>[1]);
  if (answer.statusCode && answer.statusCode < 300) return;
  throw new Error(`The function answered ${answer.statusCode}: ${answer.body}`);
}
