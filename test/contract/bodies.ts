import { expect, test } from 'vitest';
import { type Entity, entityNamed } from '../../src/data/entity.ts';
import { call, given } from '../harness/given.ts';
import { stored as storedAs } from '../harness/stored.ts';
import { anonymous, type Held, newText, type Problem } from './held.ts';

/** What a body may hold, wherever one is taken. */
export function bodies(held: Held): void {
  const { entity, path, at, change, make, someone, bodyFor, creates, patches, bodied } = held;
  const { stored, of, routes } = held;

  for (const [method, where] of bodied) {
    const most = routes.find((r) => r.method === method && r.path === where)?.mostKiB ?? 1024;
    test(`${method} refuses a body that is not JSON, not declared as JSON, or too large`, async () => {
      const alice = await someone();
      const doc = method === 'PATCH' ? await make(alice) : undefined;
      const before = doc && (await stored(doc));
      const target = doc ? at(doc) : path;
      const send = (raw: string, headers: Record<string, string> = JSON_TYPE) =>
        call<Problem>(method, target, { token: alice.token, raw, headers });
      const mine = of(alice);
      const count = await entity.collection.countDocuments(mine);
      for (const raw of ['{', '{"a":}', '', '{"a":1}{}', "{'a':1}", '\ufeff']) {
        const { status, body } = await send(raw);
        expect([status, body.code], raw).toEqual([400, 'MALFORMED_JSON']);
      }
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp']) {
        expect((await send('{}', { 'content-type': type })).status, type).toBe(415);
      }
      expect(await send(`{"x":"${'x'.repeat(1024 * most)}"}`)).toMatchObject({
        status: 413,
        body: { code: 'PAYLOAD_TOO_LARGE' },
      });
      for (const raw of ['[]', '"text"', '1', 'null']) {
        expect((await send(raw)).status, raw).toBe(422);
      }
      for (const key of ['__proto__', 'constructor', '$where']) {
        expect((await send(`{"${key}":{"x":1}}`)).status, key).toBe(422);
      }
      if (doc) expect(await stored(doc)).toEqual(before);
      else expect(await entity.collection.countDocuments(mine)).toBe(count);
    });
  }

  if (patches || bodyFor) {
    test('unknown fields and those owned by the server are refused, all at once, and nothing is written', async () => {
      const alice = await someone();
      const doc = await make(alice);
      if (patches) {
        const before = await stored(doc);
        const refused = refusedFields(entity, 'update');
        const body = { ...change, ...Object.fromEntries(refused.map((n) => [n, doc[n] ?? 'x'])) };
        const answer = await alice.patch<Problem>(at(doc), body);
        expect(answer).toMatchObject({ status: 422, body: { code: 'VALIDATION_FAILED' } });
        expect(pathsOf(answer.body)).toEqual(refused.toSorted());
        expect(await stored(doc)).toEqual(before);
      }
      if (bodyFor) {
        const good = await bodyFor(alice);
        const count = await entity.collection.countDocuments(of(alice));
        const refused = refusedFields(entity, 'create').filter((name) => !(name in good));
        const body = { ...good, ...Object.fromEntries(refused.map((n) => [n, doc[n] ?? 'x'])) };
        const answer = await alice.post<Problem>(path, body);
        expect(answer).toMatchObject({ status: 422, body: { code: 'VALIDATION_FAILED' } });
        expect(pathsOf(answer.body)).toEqual(refused.toSorted());
        const after = await entity.collection.countDocuments(of(alice));
        expect(after).toBe(count);
      }
    });
  }

  for (const [name, to, mode] of references(entity)) {
    if (mode === 'create' ? !creates : !patches) continue;
    test(`${name}: a reference to another user's ${to} is refused like one to a missing document`, async () => {
      const [alice, mallory] = await Promise.all([given.user(), someone()]);
      const hers = { id: await storedAs(entityNamed(to), alice) };
      const doc = mode === 'update' ? await make(mallory) : undefined;
      const good = doc ? {} : await bodyFor?.(mallory);
      const send = (id: unknown) =>
        doc
          ? mallory.patch<Problem>(at(doc), { [name]: id })
          : mallory.post<Problem>(path, { ...good, [name]: id });
      const [real, missing] = [await send(hers.id), await send(newText())];
      expect(real).toMatchObject({ status: 422, body: { errors: [{ path: name }] } });
      expect(anonymous(real)).toEqual(anonymous(missing));
      for (const id of ['nonsense', hers.id.toUpperCase(), 7, [hers.id], { $ne: null }]) {
        expect((await send(id)).status, String(id)).toBe(422);
      }
    });
  }
}

const JSON_TYPE = { 'content-type': 'application/json' };

/** Names that a body may not hold: of fields that are the server's, or called otherwise, and of none. */
function refusedFields(entity: Entity, mode: 'create' | 'update'): string[] {
  const fields = Object.entries(entity.shape.fields);
  const taken = fields
    .filter(([, f]) => !f.server && !f.hidden && !(mode === 'update' && f.immutable))
    .map(([, field]) => field.publicName);
  const names = fields.map(([name]) => name).filter((name) => !taken.includes(name));
  return [...names, 'id', 'nonsense'];
}

/** References that clients may write, and by which verb. */
function references(entity: Entity): [string, string, 'create' | 'update'][] {
  return Object.entries(entity.shape.fields).flatMap(([name, field]) => {
    const { shape } = field;
    if (shape.kind !== 'id' || !shape.ref || field.server) return [];
    return [[name, shape.ref, field.immutable ? 'create' : 'update']];
  });
}

function pathsOf(problem: Problem): string[] {
  return problem.errors.map((e) => e.path).toSorted();
}
