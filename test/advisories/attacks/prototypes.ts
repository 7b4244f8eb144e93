import { expect } from 'vitest';
import type { Route } from '../../../src/api/http/route.ts';
import { call } from '../../harness/given.ts';
import { invoke } from '../support/events.ts';
import '../support/seen.ts';
import {
  bodyFor,
  inParallel,
  inputsOf,
  isThere,
  MISSING,
  type Owned,
  owner,
  pathOf,
  routes,
  type Scale,
  sampled,
} from '../support/world.ts';

/** As JSON text: an object literal would set the prototype and send nothing. */
const POLLUTIONS = [
  '"__proto__":{"polluted":true}',
  '"constructor":{"prototype":{"polluted":true}}',
  '"prototype":{"polluted":true}',
  '"__proto__":null',
  '"__proto__.polluted":true',
  '"a.__proto__.polluted":true',
  '"constructor.prototype.polluted":true',
  '"\\u005f_proto__":{"polluted":true}',
];

const ASKED = [
  '__proto__=1',
  '__proto__[polluted]=true',
  'constructor[prototype][polluted]=true',
  'fields=__proto__',
  'fields=constructor',
  'fields=toString',
  'fields=id,hasOwnProperty',
  'sort=__proto__',
  'sort=-constructor',
  'include=__proto__',
  'include=constructor',
  'include=project.constructor',
  'include=tracks.__proto__',
];

function clean(): void {
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(Object.getOwnPropertyNames(Array.prototype)).not.toContain('polluted');
}

/** Keys that could reach a prototype, in every body and query. */
export async function pollutionOverHttp(scale: Scale = {}): Promise<void> {
  const mine = await owner();
  const wrong: string[] = [];
  await inParallel(sampled(bodies(mine), scale, 1000), async ({ route, raw }) => {
    const path = pathOf(route, mine.ids);
    const { status } = await call(route.method, path, { token: mine.person.token, raw });
    if (status !== (route.access === 'admin' ? 403 : 422)) {
      wrong.push(`${route.id} ${raw.slice(0, 200)} → ${status}`);
    }
  });
  const lists = routes.filter((r) => r.method === 'GET' && r.access === 'user');
  const queries = lists.flatMap((route) => ASKED.map((query) => ({ route, query })));
  await inParallel(sampled(queries, scale, 600), async (it) => {
    const path = `${pathOf(it.route, mine.ids)}?${it.query}`;
    const { status } = await mine.person.get(path);
    if (status !== 400) wrong.push(`${it.route.id}?${it.query} → ${status}`);
  });
  for (const name of ['__proto__', 'constructor', 'prototype', '%5f_proto__']) {
    const { status } = await mine.person.get(
      `/v1/tracks/${mine.ids['/v1/tracks']}/derivatives/${name}`,
    );
    if (status !== 404) wrong.push(`derivatives/${name} → ${status}`);
  }
  expect(wrong).toEqual([]);
  clean();
}

function* bodies(mine: Owned) {
  for (const route of routes.filter((r) => r.body)) {
    const valid = JSON.stringify(bodyFor(route, mine)).slice(1, -1);
    const before = valid && `${valid},`;
    for (const pollution of POLLUTIONS) {
      yield { route, raw: `{${before}${pollution}}` };
      for (const [name, { type }] of Object.entries(inputsOf(route))) {
        yield { route, raw: `{${before}"${name}":{${pollution}}}` };
        if (type === 'object') yield { route, raw: `{${before}"${name}":{"a":[{${pollution}}]}}` };
      }
    }
  }
}

/** Messages and keys of objects are not ours alone either. */
export async function pollutionOverEvents(): Promise<void> {
  for (const pollution of POLLUTIONS) {
    const record = { messageId: '1', body: `{${pollution},"job":"x"}`, attributes: {} };
    await invoke('run-jobs', { Records: [{ ...record, eventSource: 'aws:sqs' }] });
    await invoke('seal-audit', JSON.parse(`{${pollution}}`));
    const metadata = JSON.parse(`{${pollution}}`);
    const keys = ['__proto__', 'constructor', 'prototype', '%00', '%zz', '..%2f..%2f', 'media/x'];
    const inside = keys.map((k) => `media/${MISSING}/${k}/${MISSING}/original`);
    for (const key of [...keys, ...inside, `media/${MISSING}/tracks/__proto__/original`]) {
      const s3 = { bucket: { name: 'b' }, object: { key, sequencer: '0', ...metadata } };
      await invoke('media-uploaded', { Records: [{ eventName: 'ObjectCreated:Put', s3 }] });
    }
  }
  clean();
}

// Words that mongoose, the BSON serializer or JavaScript itself reads off any object it meets.
const MAGIC = [
  ...['_bsontype', 'toBSON', 'toJSON', 'toObject', 'valueOf', 'toString', 'hasOwnProperty', 'then'],
  ...['isMongooseBuffer', 'isMongooseArrayProxy', 'isMongooseObject', 'isMongooseMap', '_doc'],
  ...['isMongooseArray', 'isMongooseDocumentArray', '_id', '__v', 'id', 'length', 'buffer'],
  ...['sub_type', 'position', 'low', 'high', 'unsigned', 'scope', 'code', 'oid', 'db', 'fields'],
  ...['isPrototypeOf', '__defineGetter__', '__lookupSetter__', 'inspect', 'nodeType', 'errors'],
  ...['isAsync', 'isImmutable', 'isJoi', 'cause', 'name', 'message', 'stack', 'type', 'ref', 'get'],
];
const WORTHS = ['true', '"ObjectId"', '{}', '1', '[]', '{"_bsontype":"Binary"}', '"x"'];

/** Each is plain data: kept as it is, or refused; never acted upon. */
export async function magicWords({ full = false }: Scale = {}): Promise<void> {
  const mine = await owner();
  const wrong: string[] = [];
  const targets: [id: string, input: string][] = [];
  // What is for administrators refuses them all; what is not there yet keeps none.
  for (const route of routes.filter((r) => r.access === 'user' && isThere(r))) {
    for (const [name, { type }] of Object.entries(inputsOf(route))) {
      if (type === 'object') targets.push([route.id, name]);
    }
  }
  // Writes of one document wait for each other; of settings, one field stands for the others.
  const isAsked = ([id, name]: [string, string]) => full || /create|preferences/.test(id + name);
  const worths = full ? WORTHS : WORTHS.slice(0, 3);
  const attacks = targets
    .filter(isAsked)
    .flatMap(([id, input]) =>
      MAGIC.flatMap((word) => worths.map((worth) => ({ id, input, word, worth }))),
    );
  await inParallel(sampled(attacks, { full }, 800), async ({ id, input, word, worth }) => {
    const route = routes.find((r) => r.id === id) as Route;
    const valid = JSON.stringify({ ...bodyFor(route, mine), [input]: undefined }).slice(1, -1);
    const inner = `{"k":{"${word}":${worth}},"${word}":${worth}}`;
    const raw = `{${valid}${valid && ','}"${input}":${inner}}`;
    const path = pathOf(route, mine.ids);
    const ask = () => call(route.method, path, { token: mine.person.token, raw });
    let answer = await ask();
    // Eight at a time change one document: who is told to come again does.
    while (answer.status === 409) answer = await ask();
    const { status, body } = answer;
    if (status === 422) return;
    const kept = (body as Record<string, { k?: object }>)[input]?.k;
    // Of a PATCH the merged whole comes back, with what others sent.
    const isKept =
      route.method === 'PATCH'
        ? Object.hasOwn(kept ?? {}, word)
        : JSON.stringify(kept) === JSON.stringify(JSON.parse(inner).k);
    if (status >= 300 || !isKept) wrong.push(`${id} ${raw} → ${status} ${JSON.stringify(kept)}`);
  });
  expect(wrong.slice(0, 20), `${wrong.length} wrong`).toEqual([]);
  clean();
}

/** A forbidden key is found wherever it stands. */
export async function keysFoundAnywhere(): Promise<void> {
  const mine = await owner();
  const wrong: string[] = [];
  const at = (depth: number, inner: string, array: boolean): string => {
    if (depth === 0) return inner;
    const deeper = at(depth - 1, inner, array);
    return array
      ? `{"n":{"o":[1,{"p":2}]},"a":[0,${deeper}]}`
      : `{"n":{"o":[1,{"p":2}]},"d":${deeper}}`;
  };
  const keys = ['"__proto__":{"x":1}', '"constructor":1', '"$where":"1"', '"a\\u0000b":1'];
  const attacks = keys.flatMap((key) =>
    Array.from({ length: 20 }, (_, n) => n + 1).flatMap((depth) =>
      [false, true].filter((array) => !array || depth < 15).map((array) => ({ key, depth, array })),
    ),
  );
  await inParallel(attacks, async ({ key, depth, array }) => {
    const hidden = at(depth, `{"before":{"x":[{"y":1}]},${key}}`, array);
    const raw = `{"preferences":${hidden}}`;
    const path = '/v1/settings';
    const { status } = await call('PATCH', path, { token: mine.person.token, raw });
    if (status !== 422) wrong.push(`${key} at ${depth} ${array ? 'in arrays' : ''} → ${status}`);
  });
  expect(wrong).toEqual([]);
  clean();
}
