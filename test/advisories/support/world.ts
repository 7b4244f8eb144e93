import type Joi from 'joi';
import { served } from '../../../src/api/registry.ts';
import type { Route } from '../../../src/api/route.ts';
import { type Doc, given, PASSWORD, type Person } from '../../harness/given.ts';
import { until } from '../../harness/until.ts';

export type Json = Record<string, unknown>;

/** Every operation of the API. */
export const routes: readonly Route[] = Object.values(served).flatMap((s) => s.routes);

/** A document of each kind, by the path of its collection. */
export interface Owned {
  person: Person;
  project: Doc;
  track: Doc;
  ids: Record<string, string>;
}

/** Somebody who has one of everything. */
export async function owner(person?: Person): Promise<Owned> {
  const who = person ?? (await given.user());
  const project = await who.project({ name: 'Mine', description: 'canary-of-mine' });
  const track = await who.track({ project: project.id, fileName: 'mine.mp3' });
  const { enqueue } = await import('../../../src/services/jobs.ts');
  const { systemCtx } = await import('../../../src/context.ts');
  const { UUID } = await import('../../../src/data/ids.ts');
  const { Job } = await import('../../../src/models/system/job.ts');
  const { sealAudit } = await import('../../../src/services/audit.ts');
  const ctx = systemCtx('test');
  const input = { entity: 'Track', document: new UUID(track.id), etag: 'none' };
  const mine = { user: new UUID(who.id), project: new UUID(project.id) };
  const job = await enqueue(ctx, { type: 'process-track', input, ...mine });
  // Ended, so that no worker of this file takes it.
  await Job.collection.updateOne({ _id: job._id }, { $set: { status: 'FAILED' } });
  await sealAudit(ctx);
  const first = (path: string) =>
    until(`something in ${path}`, async () => {
      const { body } = await who.get<{ data: Doc[] }>(`${path}?limit=1`);
      return body.data[0]?.id;
    });
  return {
    person: who,
    project,
    track,
    ids: {
      '/v1/projects': project.id,
      '/v1/tracks': track.id,
      '/v1/jobs': job._id.toString(),
      '/v1/users': who.id,
      '/v1/sessions': await first('/v1/sessions'),
      '/v1/audit-events': await first('/v1/audit-events'),
    },
  };
}

/** An id that nothing has. */
export const MISSING = '01980000-0000-7000-8000-000000000000';

/** The path of an operation with these ids in it. @throws Error when no such document is known */
export function pathOf(route: Route, ids: Record<string, string> | string): string {
  const collection = route.path.split('/').slice(0, 3).join('/');
  return route.path
    .replace('{id}', () => {
      const id = typeof ids === 'string' ? ids : ids[collection];
      if (!id) throw new Error(`${route.id}: world.ts makes no document of ${collection}.`);
      return id;
    })
    .replace('{name}', 'waveform');
}

/** The inputs of an operation's body: joi's own description of each. */
export function inputsOf(route: Route): Record<string, Joi.Description> {
  return (route.body?.describe().keys ?? {}) as Record<string, Joi.Description>;
}

/** A body that an operation takes. @throws Error for an operation with a body that is not known here */
export function bodyFor(route: Route, { person, project }: Owned): Json | undefined {
  if (!route.body) return undefined;
  const token = 'x'.repeat(64);
  const bodies: Record<string, Json> = {
    register: { email: 'x@example.com', username: 'xxx', password: 'a fine long password' },
    login: { login: person.email, password: PASSWORD },
    logout: { refreshToken: token },
    refresh: { refreshToken: token },
    changePassword: { currentPassword: PASSWORD, newPassword: PASSWORD },
    requestPasswordReset: { email: person.email },
    confirmPasswordReset: { token, password: 'a fine long password' },
    verifyEmail: { token },
    createJob: { type: 'process-track', input: {} },
    createProject: { name: 'P' },
    updateProject: { name: 'Q' },
    updateSettings: { preferences: { theme: 'dark' } },
    createTrack: {
      name: 'T',
      project: project.id,
      fileName: 'a.mp3',
      contentType: 'audio/mpeg',
      size: 10,
    },
    updateTrack: { artist: 'A' },
    updateMe: { displayName: 'Me' },
    updateUser: { isActive: true },
  };
  const body = bodies[route.id];
  if (!body)
    throw new Error(`world.ts knows no body for ${route.id}: every operation is attacked.`);
  return body;
}

/** Runs `task` over all items, eight at a time. */
export async function inParallel<T>(items: Iterable<T>, task: (item: T) => Promise<void>) {
  const iterator = items[Symbol.iterator]();
  const lane = async () => {
    for (let next = iterator.next(); !next.done; next = iterator.next()) await task(next.value);
  };
  await Promise.all(Array.from({ length: 8 }, lane));
}

/** Whether a test is to do the full counts: `npm run test:campaign` sets it. */
export interface Scale {
  full?: boolean;
}

/** A seeded source of chance, so that a run can be repeated. */
export function chance(seed = Number(process.env.TEST_SEED ?? Date.now() % 2 ** 31)) {
  console.log(`seed ${seed}`);
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return { seed, next, below: (n: number) => Math.floor(next() * n) };
}
