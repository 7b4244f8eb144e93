// Reads the environment when imported: import it once that is set.
import { handler } from '../functions/projects.ts';
import { encode } from '../src/data/bson.ts';
import { database } from '../src/data/connection.ts';
import { Project } from '../src/models/projects/project.ts';
import { eventOf } from './event.ts';
import { median } from './statistics.ts';

const ROUNDS = 9;
const CALLS = 2000;

/**
 * What the handler costs from event to answer when the database answers at once, in µs of CPU and median
 * of some rounds: token seen before, joi, rule, audit entry, validation, answer.
 */
export async function ownCode(id: string, token: string): Promise<Record<string, number>> {
  const path = '/v1/projects';
  const calls = {
    'GET of one': eventOf({ method: 'GET', path: `${path}/${id}`, token }),
    POST: eventOf({ method: 'POST', path, token, body: { name: 'New', description: 'A song' } }),
    PATCH: eventOf({ method: 'PATCH', path: `${path}/${id}`, token, body: { name: 'Other' } }),
  };
  for (const event of Object.values(calls)) await called(event); // with the real database, once
  const document = await Project.collection.findOne({});
  const found = { id: 0, firstBatch: [encode(document as object)] };
  const own = Object.getOwnPropertyDescriptor(Project, 'collection') as PropertyDescriptor;
  const db = database();
  // The three commands that these calls come to.
  const atOnce = async () => document;
  const value = { insertOne: atOnce, findOneAndUpdate: atOnce };
  Object.defineProperty(Project, 'collection', { value, configurable: true });
  db.command = async () => ({ cursor: found });
  try {
    const cost: Record<string, number> = {};
    for (const [name, event] of Object.entries(calls)) cost[name] = await measured(event);
    return cost;
  } finally {
    Object.defineProperty(Project, 'collection', own);
    Reflect.deleteProperty(db, 'command'); // the prototype's shows again
  }
}

async function measured(event: ReturnType<typeof eventOf>): Promise<number> {
  const rounds: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const before = process.cpuUsage();
    for (let i = 0; i < CALLS; i++) await called(event);
    const { user, system } = process.cpuUsage(before);
    if (round > 0) rounds.push((user + system) / CALLS);
  }
  return median(rounds);
}

async function called(event: ReturnType<typeof eventOf>): Promise<void> {
  const answer = await handler(event, {} as Parameters<typeof handler>[1]);
  if (answer.statusCode && answer.statusCode < 300) return;
  throw new Error(`The function answered ${answer.statusCode}: ${answer.body}`);
}
