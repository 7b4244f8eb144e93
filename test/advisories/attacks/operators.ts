import { expect } from 'vitest';
import type { Route } from '../../../src/api/http/route.ts';
import { call } from '../../harness/given.ts';
import { commandsOf, placesIn } from '../support/commands.ts';
import '../support/seen.ts';
import {
  bodyFor,
  inParallel,
  inputsOf,
  isThere,
  type Json,
  type Owned,
  owner,
  pathOf,
  routes,
  type Scale,
  sampled,
} from '../support/world.ts';

/** Found in a command, it came from a client. */
const CANARY = 'canary-7f3a';
/** How long the server sleeps where it runs what was sent, in ms: far longer than any call takes. */
const SLEEP = 20_000;

const PAYLOADS: readonly Json[] = [
  { $ne: null },
  { $ne: CANARY },
  { $gt: '' },
  { $gte: CANARY },
  { $lt: CANARY },
  { $in: [CANARY] },
  { $nin: [CANARY] },
  { $regex: '.*', $options: CANARY },
  { $where: `sleep(${SLEEP})//${CANARY}` },
  { $or: [{}, {}] },
  { $and: [{ a: CANARY }] },
  { $nor: [{ a: CANARY }] },
  { $not: { $eq: CANARY } },
  { $expr: { $eq: [CANARY, CANARY] } },
  { $eq: CANARY },
  { $exists: true },
  { $type: 2 },
  { $elemMatch: { a: CANARY } },
  { $jsonSchema: { title: CANARY } },
  { $text: { $search: CANARY } },
  { $literal: CANARY },
  { $set: { isAdmin: true, canary: CANARY } },
  { a: { $function: { body: `function(){return '${CANARY}'}`, args: [], lang: 'js' } } },
  { a: { $accumulator: { init: CANARY } } },
  { $lookup: { from: 'users', as: CANARY } },
];

/** The payload further inside: objects and arrays by turns. */
function nested(payload: unknown, depth: number): unknown {
  if (depth <= 1) return payload;
  const inner = nested(payload, depth - 1);
  return depth % 2 ? [inner] : { in: inner, [`after${depth}`]: 1 };
}

interface Attack {
  route: Route;
  name: string;
  value: unknown;
}

function* bodies(): Generator<Attack> {
  for (const route of routes.filter((r) => r.body)) {
    for (const [name, { type }] of Object.entries(inputsOf(route))) {
      for (const payload of PAYLOADS) {
        for (const depth of [1, 2, 3, 4, 5, 6])
          yield { route, name, value: nested(payload, depth) };
      }
      // A list of texts may be what an input takes.
      if (type !== 'array') yield { route, name, value: [CANARY] };
    }
  }
}

/** Each payload in each input of each body. */
export async function operatorsInBodies({ full = false }: Scale = {}): Promise<void> {
  const mine = await owner();
  const { token } = mine.person;
  const wrong: string[] = [];
  let slowest = 0;
  let sent = 0;
  const commands = await commandsOf(() =>
    inParallel(sampled(bodies(), { full }, 1200), async ({ route, name, value }) => {
      const body = { ...bodyFor(route, mine), [name]: value };
      const begun = performance.now();
      const answer = await call(route.method, pathOf(route, mine.ids), { token, body });
      slowest = Math.max(slowest, performance.now() - begun);
      sent++;
      const expected = route.access === 'admin' ? 403 : 422;
      if (answer.status === expected) return;
      wrong.push(`${route.id}.${name} ${JSON.stringify(value)} → ${answer.status}`);
    }),
  );
  expect(sent).toBeGreaterThan(full ? 4000 : 1000);
  expect(wrong).toEqual([]);
  const reached = commands.filter((c) => JSON.stringify(c.command).includes(CANARY));
  expect(reached.map((c) => c.commandName)).toEqual([]);
  expect(slowest).toBeLessThan(SLEEP / 2);
}

const NAMES = ['$ne', '$gt', '$regex', '$where', '$in', '$or', 'ne', '', '0', 'gt][$ne'];
const VALUES = [
  `{"$ne":"${CANARY}"}`,
  `{"$where":"sleep(${SLEEP})//${CANARY}"}`,
  `$where:${CANARY}`,
  `${CANARY}';sleep(${SLEEP});'`,
  `/.*${CANARY}/`,
];

/** Each payload in each parameter of each query, in paths and in headers. */
export async function operatorsInQueries({ full = false }: Scale = {}): Promise<void> {
  const mine = await owner();
  const wrong: string[] = [];
  let slowest = 0;
  const ask = async (route: Route, path: string, headers: Record<string, string> = {}) => {
    const begun = performance.now();
    const body = bodyFor(route, mine);
    const answer = await call(route.method, path, { token: mine.person.token, body, headers });
    slowest = Math.max(slowest, performance.now() - begun);
    return answer;
  };
  const commands = await commandsOf(async () => {
    await inParallel(
      sampled(inQueries(mine), { full }, 1200),
      async ({ route, query, isOperator }) => {
        const { status } = await ask(route, `${pathOf(route, mine.ids)}?${query}`);
        if (route.access === 'admin' ? status === 403 : status === 400) return;
        const isTaken = status === 200 || (status === 501 && !isThere(route));
        if (isOperator || !isTaken) wrong.push(`${route.id}?${query} → ${status}`);
      },
    );
    await inParallel(sampled(inPaths(mine), { full }, 400), async ({ route, path }) => {
      const { status } = await ask(route, path);
      // What is no month is told so.
      const isTold = status === 400 && route.path.endsWith('/{month}');
      if (!isTold && status !== 404 && status !== 405)
        wrong.push(`${route.method} ${path} → ${status}`);
    });
    for (const value of VALUES) {
      for (const name of ['idempotency-key', 'if-match', 'if-none-match', 'x-request-id']) {
        const route = routes.find((r) => r.id === 'updateProject') as Route;
        const { status } = await ask(route, pathOf(route, mine.ids), { [name]: value });
        if (status !== (name === 'if-match' ? 412 : 200))
          wrong.push(`${name}: ${value} → ${status}`);
      }
    }
  });
  expect(wrong).toEqual([]);
  expect(slowest).toBeLessThan(SLEEP / 2);
  expect(commands.flatMap((c) => operatorsOf(c.command))).toEqual([]);
}

function* inQueries(mine: Owned) {
  for (const route of routes) {
    if (route.method === 'POST' && pathOf(route, mine.ids).includes('/auth/')) continue;
    if (route.method === 'DELETE') continue; // a query on one is refused like any other's
    const names = (route.query ?? []).map((p) => p.name);
    for (const name of [...names, 'email', 'hashedPassword']) {
      for (const operator of NAMES) {
        const query = `${encodeURIComponent(`${name}[${operator}]`)}=${CANARY}`;
        yield { route, query, isOperator: true };
      }
    }
    for (const name of names) {
      for (const value of VALUES) {
        yield { route, query: `${name}=${encodeURIComponent(value)}`, isOperator: false };
      }
    }
    for (const query of [`$where=sleep(${SLEEP})`, '$or[0][a]=1', '%24ne=1', 'a.$ne=1']) {
      yield { route, query, isOperator: true };
    }
  }
}

function* inPaths(mine: Owned) {
  for (const route of routes.filter((r) => r.path.includes('{'))) {
    for (const value of [...VALUES, '[$ne]', '$ne', '.*', '__proto__', '..']) {
      const path = route.path.replace(/\{(name|month)\}/, encodeURIComponent(value));
      yield { route, path: pathOf({ ...route, path }, encodeURIComponent(value)) };
      if (path !== route.path && value !== '..') {
        yield { route, path: pathOf({ ...route, path }, mine.ids) };
      }
    }
  }
}

const RUNS_CODE = new Set(['$where', '$function', '$accumulator', '$expr', '$regex', '$text']);
const RUNS_ON = new Set(['$ne', '$nin', '$not', '$nor', '$exists', '$jsonSchema']);

/** A client's words in a command, where they are more than a value to be compared with. */
function operatorsOf(command: unknown): string[] {
  const found: string[] = [];
  for (const { keys, value } of placesIn(command)) {
    const isKey = keys.some((k) => k.includes(CANARY));
    const isValue = typeof value === 'string' && value.includes(CANARY);
    const under = keys.filter((k) => RUNS_CODE.has(k) || RUNS_ON.has(k));
    if (isKey || (isValue && under.length > 0)) found.push(keys.join(' → '));
  }
  return found;
}
