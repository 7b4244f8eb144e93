import './harness/place.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { entities, entityNamed } from '../src/data/entity.ts';
import { idText, newId, UUID } from '../src/data/ids.ts';
import { adminCollection } from './harness/admin.ts';
import { type Everything, everything } from './harness/everything.ts';
import { type Answer, call, given } from './harness/given.ts';
import { inParallel } from './harness/in-parallel.ts';
import {
  bodyFor,
  bodyReferences,
  entityAt,
  type Operation,
  operations,
  routes,
} from './harness/operations.ts';
import { place } from './harness/place.ts';

place({ worker: false });

// Every operation × (no token, a stranger, the owner, an admin), each about the owner's documents. What
// must be answered follows from the OpenAPI document alone: an operation that is new there is held to
// these rules at once, and one for which the harness has no document or body fails by name.

type Json = Record<string, unknown>;
type Actor = 'nobody' | 'stranger' | 'admin';

/** What a kind of operation owes to those who do not own the document that it names. */
type Owed = 'anything open' | 401 | 403 | 'as if missing' | 'their own' | 'the same for all';

/** Operations that owe something else, each for a reason of the contract. Held to the OpenAPI document. */
const EXCEPTIONS: Record<string, Partial<Record<Actor, Owed>>> = {
  // Everybody who is signed in may see which models there are.
  getLlmModel: { stranger: 'the same for all', admin: 'the same for all' },
  // An admin sees what everybody did.
  getAuditEvent: { admin: 'the same for all' },
  listAuditEvents: { admin: 'the same for all' },
};

/** What is answered to who may do it where it is no success, with the state that makes it so. */
const REFUSED: Record<string, number[]> = {
  // It leads to /docs.
  getStart: [302],
  changePassword: [422], // the new one is the current one: all go on using it
  // No job type is for clients yet.
  createJob: [422],
  estimateJob: [422],
  // There is no such entry.
  reverseCredits: [422],
  // The tokens of these bodies are nobody's.
  refresh: [401],
  confirmPasswordReset: [422],
  verifyEmail: [422],
  // Of the media, the track is READY and the others await their bytes, so none is both.
  ...Object.fromEntries(
    ['Audio', 'Image', 'Video'].flatMap((kind) => [
      [`get${kind}File`, [409]],
      [`get${kind}Derivative`, [409]],
      [`reprocess${kind}`, [409]],
      // None of its parts has arrived.
      [`complete${kind}Upload`, [422]],
    ]),
  ),
  renderImage: [409],
  // They await their bytes, and so does what they are versions of.
  replaceAudio: [409],
  replaceImage: [409],
  replaceVideo: [409],
  // It is pending, and the provider has never heard of it.
  resumePayment: [409],
  refundPayment: [409],
  // There is one already: pending, and the provider has never heard of it.
  createSubscription: [409],
  payForSubscription: [409],
  changeSubscriptionPlan: [409],
  cancelSubscription: [409],
  resumeSubscription: [409],
  // Nobody has signed it.
  receiveStripeEvent: [400],
  getExportFile: [409],
  completeProjectImportUpload: [422],
  getVersionFile: [409],
  getVersionDerivative: [409],
  restoreVersion: [409],
  completeVersionUpload: [422],
  // Its medium was deleted before.
  deleteVersion: [404],
  streamVideo: [409],
  getVideoStream: [409],
  renewTrackUpload: [409],
  abortTrackUpload: [409],
  // It has ended, and is started anew.
  // Restored just before.
  deleteTrashedMedium: [404],
  cancelJob: [409],
  // Its job has failed, and has generated nothing.
  cancelComfyUIExecution: [409],
  // It is not HELD.
  getComfyUIExecutionReview: [404],
  decideComfyUIExecutionReview: [409],
  rerunJob: [409],
  // Others refer to them.
  deleteRunPodConfiguration: [409],
  deleteRunPodTemplate: [409],
  deleteComfyUIWorkflow: [409],
  deleteComfyUIPod: [409],
  updateComfyUIPod: [409],
  deleteRetentionPolicy: [409],
};

const MISSING = '01980000-0000-7000-8000-000000000000';

let alice: Everything;
let bob: Everything;
let admin: Everything;
/** A workflow of Alice's that she shares with everybody. */
let shared: string;
const counts: Record<string, Record<string, number>> = {};
const leaks: string[] = [];

beforeAll(async () => {
  [alice, bob] = await Promise.all([everything(), everything()]);
  admin = await everything(await given.admin());
  const { body } = await alice.person.post('/v1/comfyui/workflows', {
    ...bodyFor('createComfyUIWorkflow', alice),
    name: 'a shared workflow',
    isPublic: true,
  });
  shared = body.id;
});

afterAll(() => {
  const all = { operations: operations.length, leaks: leaks.length };
  console.table(Object.fromEntries(Object.entries(counts).map(([a, c]) => [a, { ...c, ...all }])));
});

/** The rules: what an operation owes to somebody else. */
function owed({ id, access, path }: Operation, actor: Actor): Owed {
  const exception = EXCEPTIONS[id]?.[actor];
  if (exception) return exception;
  if (access === 'anyone') return 'anything open';
  if (actor === 'nobody') return 401;
  if (access === 'admin') return actor === 'admin' ? 'the same for all' : 403;
  return entityAt(path) ? 'as if missing' : 'their own';
}

/** What is answered to who may do it: success, or 501 where there is none yet. */
function due({ id, statuses }: Operation): number[] {
  const successes = statuses.filter((s) => s < 300);
  return REFUSED[id] ?? (successes.length > 0 ? successes : [501]);
}

describe('the lists of exceptions', () => {
  test('name only operations of the OpenAPI document', () => {
    const known = new Set(operations.map((o) => o.id));
    const named = [...Object.keys(EXCEPTIONS), ...Object.keys(REFUSED)];
    expect(named.filter((id) => !known.has(id))).toEqual([]);
    expect(inTurns(operations).flat()).toHaveLength(operations.length);
    expect(operations.map((o) => o.id).toSorted()).toEqual(routes.map((r) => r.id).toSorted());
  });
});

describe.each(['nobody', 'stranger', 'admin'] as const)('%s', (actor) => {
  const who = () => ({ nobody: undefined, stranger: bob, admin })[actor];

  test("learns and changes nothing of another user's documents, by any operation", async () => {
    const before = await storedOf(alice);
    const each = async (operation: Operation) => {
      const owes = owed(operation, actor);
      // What is everybody's to change would be gone for the others.
      const isTheirs = owes === 'the same for all' && operation.method !== 'GET';
      const id = idFor(operation, isTheirs ? admin : alice);
      const theirs = await ask(operation, who(), id);
      const none = await ask(operation, who(), MISSING);
      hold(operation, actor, owes, theirs, none);
      count(actor, owes);
      const entity = entityAt(operation.path);
      if (operation.method === 'GET' || !entity) return;
      if (before[entity] !== (await storedOf(alice, [entity]))[entity]) {
        leaks.push(`${operation.id} by ${actor} changed the owner's ${entity}`);
      }
    };
    for (const some of inTurns(operations)) await inParallel(some, each);
    expect(leaks).toEqual([]);
    const after = await storedOf(alice);
    expect(Object.keys(after).filter((name) => before[name] !== after[name])).toEqual([]);
  });

  if (actor === 'nobody') return;

  test('learns nothing by references in bodies and queries', async () => {
    const wrong: string[] = [];
    for (const operation of operations.filter((o) => o.access !== 'anyone')) {
      if (operation.access === 'admin' && actor !== 'admin') continue;
      for (const { name, to } of bodyReferences(operation)) {
        const asking = (id: string | undefined) =>
          ask(operation, who(), own(operation), '', { [name]: id });
        const [theirs, none] = [await asking(alice.ids[to]), await asking(MISSING)];
        if (essence(theirs) !== essence(none)) wrong.push(`${operation.id} { ${name} }`);
        if (![422, 501].includes(theirs.status)) wrong.push(`${operation.id} → ${theirs.status}`);
        look(operation, actor, theirs);
      }
      for (const { name } of operation.query.filter((q) => q.isId)) {
        // What has no owner is an administrator's to find.
        if (owed(operation, actor) === 'the same for all') continue;
        const asking = (id: string) => ask(operation, who(), own(operation), `?${name}=${id}`);
        const id = alice.ids[referredBy(operation, name)] as string;
        const [theirs, none] = [await asking(id), await asking(MISSING)];
        if (essence(theirs) !== essence(none)) wrong.push(`${operation.id} ?${name}`);
        look(operation, actor, theirs);
      }
    }
    expect(wrong).toEqual([]);
    expect(leaks).toEqual([]);
  });

  test('reads what is public, and nothing else of it or its owner', async () => {
    const { person } = who() as Everything;
    const path = `/v1/comfyui/workflows/${shared}`;
    const read = await person.get(`${path}?include=user,executions`);
    expect(read.body).toMatchObject({ id: shared, user: alice.person.id, executions: [] });
    expect(told(read, [shared, alice.person.id])).toEqual([]);
    const { body } = await person.get<{ data: Json[] }>('/v1/comfyui/workflows?limit=100');
    expect(body.data.map((d) => d.id)).toContain(shared);
    expect(body.data.map((d) => d.id)).not.toContain(alice.ids.ComfyUIWorkflowConfig);
    for (const [method, sent] of [['PATCH', { name: 'mine now' }], ['DELETE']] as const) {
      const asked = await person.call<Json>(method, path, sent);
      const none = await person.call<Json>(method, path.replace(shared, MISSING), sent);
      expect(essence(asked)).toBe(essence(none));
      expect(asked.status).toBe(404);
    }
    expect((await alice.person.get(path)).body.name).toBe('a shared workflow');
  });
});

test('the owner can call every operation of the OpenAPI document on their own documents', async () => {
  const wrong: string[] = [];
  for (const operation of inTurns(operations).flat()) {
    const { id, access } = operation;
    const { status, text, body } = await ask(operation, alice, idFor(operation, alice));
    count('owner', access === 'admin' ? 403 : 'theirs');
    // What nobody may read is not for the owner either.
    if (text.includes(alice.hidden)) leaks.push(`${id} shows its owner what is hidden`);
    const expected = access === 'admin' ? [403] : due(operation);
    if (!expected.includes(status)) wrong.push(`${id} → ${status} ${text.slice(0, 300)}`);
    // Nothing was counted on the days that it is asked for.
    const mayBeEmpty = id === 'sumStatDays';
    if (status === 200 && !mayBeEmpty && (body.data as Json[] | undefined)?.length === 0) {
      wrong.push(`${id} is empty`);
    }
  }
  expect(wrong).toEqual([]);
  expect(leaks).toEqual([]);
});

/** Reads first, then what changes, then what ends; of one turn none is in another's way. */
function inTurns(all: readonly Operation[]): Operation[][] {
  const turn = ({ method, id }: Operation) => {
    // It ends sessions while others sign in; with its session or its project everything else goes.
    if (['changePassword', 'deleteProject', 'deleteSession'].includes(id)) return id;
    // With its medium an upload goes, too.
    return id.startsWith('abort') ? 'abort' : method;
  };
  const turns = Map.groupBy(all, turn);
  const order = ['GET', 'POST', 'PATCH', 'abort', 'DELETE', 'changePassword', 'deleteProject'];
  return [...order, 'deleteSession'].map((name) => turns.get(name) ?? []);
}

/** The id that stands in an operation's path: of this one's document. */
function idFor({ path }: Operation, of: Everything): string {
  const entity = entityAt(path);
  return (entity && of.ids[entity]) || MISSING;
}

function own(operation: Operation): (of: Everything) => string {
  return (of) => idFor(operation, of);
}

function ask(
  operation: Operation,
  who: Everything | undefined,
  id: string | ((of: Everything) => string),
  query = '',
  more: Json = {},
): Promise<Answer<Json>> {
  const asked = typeof id === 'string' ? id : id(who as Everything);
  const path = operation.path
    .replace('{id}', asked)
    .replace('{name}', 'waveform')
    .replace('{month}', '2026-11');
  const body = bodyFor(operation.id, who ?? bob);
  return call<Json>(operation.method, path + (query || operation.requiredQuery), {
    token: who?.person.token,
    headers: Object.fromEntries(
      operation.requiredHeaders.map((name) => [name, idText(newId(Date.now()))]),
    ),
    ...(body && { body: { ...body, ...more } }),
  });
}

function hold(
  operation: Operation,
  actor: Actor,
  owes: Owed,
  theirs: Answer<Json>,
  none: Answer<Json>,
): void {
  const bad = (why: string) => leaks.push(`${operation.id} by ${actor}: ${why}`);
  const refused = { 401: [401], 403: [403], 'as if missing': [404] }[String(owes)];
  const expected = refused ?? due(operation);
  if (!expected.includes(theirs.status)) bad(`${theirs.status} instead of ${expected}`);
  if (refused && essence(theirs) !== essence(none)) bad(`${essence(theirs)}, not ${essence(none)}`);
  if (owes !== 'the same for all') look(operation, actor, theirs);
  // Secrets are nobody's to read, whoever asks.
  if (theirs.text.includes(alice.hidden)) bad('shows what is hidden');
}

/** Nothing of the owner's is in an answer, neither words nor ids. */
function look(operation: Operation, actor: Actor, answer: Answer<Json>): void {
  const isOfShared =
    entityAt(operation.path) === 'ComfyUIWorkflowConfig' || /Workflow/.test(operation.id);
  const open = isOfShared ? [alice.person.id] : [];
  const found = told(answer, open);
  if (found.length > 0) leaks.push(`${operation.id} by ${actor} tells ${found}`);
}

/** The owner's words and ids that an answer has, but for those that are open. */
function told({ text, headers }: Answer, open: string[]): string[] {
  const all = `${text} ${JSON.stringify([...headers])}`;
  const { person, shown, hidden, ids } = alice;
  const common = Object.keys(ids).filter((n) => entityNamed(n).options.owner !== 'none');
  const words = [shown, hidden, person.email, person.username, person.id];
  const theirs = [...words, ...common.map((n) => ids[n] as string)];
  return [...new Set(theirs)].filter((word) => !open.includes(word) && all.includes(word));
}

/** An answer without what every answer has of its own. */
function essence({ status, body, headers }: Answer<Json>): string {
  const { instance: _, ...rest } = body;
  const names = ['content-type', 'etag', 'location', 'allow', 'retry-after', 'cache-control'];
  return JSON.stringify([status, rest, names.map((name) => headers.get(name))]);
}

/** What somebody has stored of each entity, as text. */
async function storedOf(
  of: Everything,
  // Calls are metered by themselves, some seconds later.
  names = [...entities.keys()].filter((name) => !/^(MeteringFact|Stat)$/.test(name)),
): Promise<Record<string, string>> {
  const user = new UUID(of.person.id);
  const texts = names.map(async (name) => {
    const filter = name === 'User' ? { _id: user } : { user };
    const options = { projection: { outbox: 0 }, sort: { _id: 1 } } as const;
    const found = await adminCollection(entityNamed(name)).find(filter, options).toArray();
    return [name, JSON.stringify(found)] as const;
  });
  return Object.fromEntries(await Promise.all(texts));
}

/** The entity whose id a filter of a list takes. */
function referredBy({ id }: Operation, name: string): string {
  const plural = id.replace(/^list/, '');
  const entity = [...entities.values()].find((e) => plural === e.name || plural === `${e.name}s`);
  const shape = entity?.shape.fields[name]?.shape;
  return (shape?.kind === 'id' && shape.ref) || 'Track';
}

function count(actor: string, owes: Owed | 'theirs'): void {
  counts[actor] ??= {};
  const row = counts[actor];
  row[owes] = (row[owes] ?? 0) + 1;
}
