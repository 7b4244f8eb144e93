import '../advisories/support/setup.ts';
import '../harness/place.ts';
import { inspect } from 'node:util';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { type mongo, Schema } from 'mongoose';
import { beforeAll, describe, expect, test } from 'vitest';
import { serve } from '../../src/api/http/serve.ts';
import { describeEntity } from '../../src/api/openapi/schemas.ts';
import { resource } from '../../src/api/resource/resource.ts';
import { type Ctx, systemCtx } from '../../src/context.ts';
import { decryptField, decryptFields, isCiphertext } from '../../src/data/encrypted-fields.ts';
import { type Entity, encrypted, entity, freeForm, ref } from '../../src/data/entity.ts';
import { newId, UUID } from '../../src/data/ids.ts';
import { deriveDefinition } from '../../src/data/migrations/definitions.ts';
import { createCollection } from '../../src/data/migrations/operations.ts';
import { findOne } from '../../src/data/read.ts';
import { insert, update } from '../../src/data/write.ts';
import { AuditEvent } from '../../src/models/audit/audit-event.ts';
import { DataKey } from '../../src/models/crypto/data-key.ts';
import { destroyKeys, loadKey, storeKey } from '../../src/providers/key-store.ts';
import type { WrappedKey } from '../../src/providers/key-wrapping.ts';
import { owner } from '../../src/rules.ts';
import { appendToChain } from '../../src/services/audit/chain.ts';
import { commandsOf } from '../advisories/support/commands.ts';
import { adminDatabase, grantAccess } from '../harness/admin.ts';
import { passTime } from '../harness/clocks.ts';
import { given, type Person } from '../harness/given.ts';
import { invocation } from '../harness/invocations.ts';
import { listStoredKeys } from '../harness/key-bucket.ts';
import { times } from '../harness/times.ts';

type Json = Record<string, unknown>;

const message = new Schema(
  { role: { type: String, required: true }, text: { type: String, maxlength: 50 }, at: Date },
  { _id: false },
);
const schema = new Schema({
  name: { type: String, required: true },
  apiKey: encrypted({ type: String, maxlength: 60 }, { required: true, shows: 'last4' }),
  env: encrypted(freeForm(200)),
  messages: encrypted({ type: [message], maxItems: 3 }),
  token: encrypted({ type: String }, { select: false }),
  expires: encrypted({ type: Date }),
  twin: encrypted({ type: String }),
});
schema.index({ user: 1, createdAt: -1, _id: -1 });
const Safe = entity('Safe', () => schema, { about: 'A test.' });
const Holder = entity(
  'Holder',
  () =>
    new Schema({ safe: ref('Safe', { required: true, onDelete: 'cascade' }) }).index({
      user: 1,
      createdAt: -1,
      _id: -1,
    }),
  { about: 'A test.' },
);
const all = { create: owner, read: owner, update: owner, remove: owner };
const handler = serve(
  resource(Safe, { path: '/v1/safes', can: all }),
  resource(Holder, { path: '/v1/holders', can: all, include: ['safe'] }),
);

const KEY = 'rpa_CANARY1_of_a_key_wxyz';
const clear = {
  name: 'a safe',
  apiKey: KEY,
  env: { HF_TOKEN: 'CANARY2', nested: { deep: ['CANARY3', 1, null, true] } },
  messages: [{ role: 'user', text: 'CANARY4', at: '2026-01-02T03:04:05.678Z' }],
  expires: '2027-01-01T00:00:00.000Z',
};

let alice: Person;

beforeAll(async () => {
  const db = adminDatabase();
  for (const e of [Safe, Holder]) await createCollection(db, e.collectionName, deriveDefinition(e));
  await grantAccess(Safe.collectionName, Holder.collectionName);
  alice = await given.user();
});

async function call(method: string, path: string, body?: unknown, headers = {}) {
  const [rawPath, rawQueryString = ''] = path.split('?');
  const event = {
    rawPath,
    rawQueryString,
    headers: {
      authorization: `Bearer ${alice.token}`,
      'content-type': 'application/json',
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
    requestContext: { http: { method, sourceIp: '192.0.2.1' } },
  };
  const lambda = invocation() as Parameters<typeof handler>[1];
  const answer = await handler(event as unknown as APIGatewayProxyEventV2, lambda);
  const text = (answer as { body?: string }).body ?? '';
  const status = (answer as { statusCode: number }).statusCode;
  return { status, text, body: (text ? JSON.parse(text) : {}) as Json };
}

async function made(values: Json = {}): Promise<Json> {
  const { status, body, text } = await call('POST', '/v1/safes', { ...clear, ...values });
  expect(status, text).toBe(201);
  return body;
}

const idOf = (doc: Json) => new UUID(doc.id as string);
const raw = (doc: Json) => Safe.collection.findOne({ _id: idOf(doc) }, { projection: {} });
const ctx = (): Ctx => systemCtx('test');

describe('an encrypted field', () => {
  test('is stored as ciphertext: nothing of it is in the stored bytes, nor in its outbox', async () => {
    const safe = await made({ twin: 'CANARY5' });
    const [found] = await Safe.collection
      .find({ _id: idOf(safe) }, { raw: true } as object)
      .toArray();
    const bytes = Buffer.from(found as unknown as Uint8Array);
    expect(bytes.includes('a safe')).toBe(true);
    expect(bytes.includes('CANARY')).toBe(false);
    expect(bytes.includes('HF_TOKEN')).toBe(false);
    const again = await made({ twin: 'CANARY5' });
    expect((await raw(again))?.twin).not.toEqual((await raw(safe))?.twin);
  });

  test('is answered as it was sent, by every verb, whatever its kind; or by its last four characters', async () => {
    const safe = await made();
    const shown = { ...clear, apiKey: '…wxyz', id: safe.id };
    expect(safe).toMatchObject(shown);
    expect((await call('GET', `/v1/safes/${safe.id}`)).body).toMatchObject(shown);
    const { data } = (await call('GET', '/v1/safes?limit=1')).body as { data: Json[] };
    expect(data[0]).toMatchObject(shown);
    const holder = await call('POST', '/v1/holders', { safe: safe.id });
    const include = `/v1/holders/${holder.body.id}?include=safe`;
    expect((await call('GET', include)).body.safe).toMatchObject(shown);
    expect((await call('GET', '/v1/holders?include=safe')).body).toMatchObject({
      data: [{ safe: shown }],
    });
    const fields = await call('GET', `/v1/safes/${safe.id}?fields=env,apiKey`);
    expect(fields.body).toEqual({ id: safe.id, env: clear.env, apiKey: '…wxyz' });
    const changed = await call('PATCH', `/v1/safes/${safe.id}`, { name: 'b' });
    expect(changed.body).toMatchObject({ ...shown, name: 'b' });
    expect((await made({ apiKey: 'short' })).apiKey).toBe('…');
  });

  test('is replaced whole by a PATCH, a free-form one merged, and null takes it away', async () => {
    const { id } = await made();
    const patch = async (body: Json) => (await call('PATCH', `/v1/safes/${id}`, body)).body;
    expect(await patch({ apiKey: 'another_key_of_9999' })).toMatchObject({ apiKey: '…9999' });
    expect(await patch({ messages: [{ role: 'system' }] })).toMatchObject({
      messages: [{ role: 'system' }],
    });
    expect(await patch({ env: { HF_TOKEN: null, nested: { more: 1 } } })).toMatchObject({
      env: { nested: { deep: ['CANARY3', 1, null, true], more: 1 } },
    });
    expect(await patch({ env: null })).not.toHaveProperty('env');
    expect((await raw({ id }))?.env).toBeUndefined();
    const both = await Promise.all(times(6, (n) => patch({ env: { [`k${n}`]: n } })));
    expect(both.map((b) => b.code)).toEqual(times(6, () => undefined));
    const { env } = (await call('GET', `/v1/safes/${id}`)).body;
    expect(env).toEqual({ k0: 0, k1: 1, k2: 2, k3: 3, k4: 4, k5: 5 });
  });

  test('is checked in clear, by its inner shape, and a refusal says nothing of it', async () => {
    const long = `${KEY}${'x'.repeat(60)}`;
    for (const [bad, path] of [
      [{ apiKey: long }, 'apiKey'],
      [{ apiKey: 7 }, 'apiKey'],
      [{ apiKey: undefined }, 'apiKey'],
      [{ env: { a: 'CANARY'.repeat(50) } }, 'env'],
      [{ messages: [{ text: 'CANARY' }] }, 'messages.0.role'],
      [{ messages: times(4, () => ({ role: 'x' })) }, 'messages'],
      [{ token: 'CANARY' }, 'token'],
    ] as const) {
      const { status, body, text } = await call('POST', '/v1/safes', { ...clear, ...bad });
      expect(status, text).toBe(422);
      expect(body.errors).toMatchObject([{ path }]);
      expect(text).not.toContain('CANARY');
    }
    // Our own code is held to it, too.
    const { id } = await made();
    const change = (set: Json) => update(ctx(), Safe, { _id: new UUID(id as string) }, { set });
    for (const set of [
      { apiKey: long },
      { apiKey: { a: 'CANARY' } },
      { messages: [{ text: 'CANARY' }] },
      { messages: ['CANARY'] },
      { messages: 'CANARY' },
      { expires: 'CANARY' },
    ]) {
      const refused = await change(set).catch((error) => error);
      expect(refused).toMatchObject({ code: 'VALIDATION_FAILED' });
      expect(inspect(refused, { depth: 9, showHidden: true })).not.toContain('CANARY');
    }
    await expect(change({ 'env.HF_TOKEN': 'x' })).rejects.toThrow('written whole');
  });

  test('that is never answered is decrypted for the service that asks for it by name', async () => {
    const user = new UUID(alice.id);
    const values = { ...clear, user, token: 'CANARY-token', expires: new Date(clear.expires) };
    const safe = await insert(ctx(), Safe, values);
    const visible = await findOne(ctx(), Safe, { _id: safe._id });
    expect(visible).not.toHaveProperty('token');
    const found = await findOne(ctx(), Safe, { _id: safe._id }, { projection: {} });
    expect(await decryptField(ctx(), Safe, found as never, 'token')).toBe('CANARY-token');
    expect(await decryptField(ctx(), Safe, found as never, 'apiKey')).toBe(KEY);
    expect(await decryptField(ctx(), Safe, found as never, 'twin')).toBeUndefined();
    expect(await decryptField(ctx(), Safe, found as never, 'expires')).toEqual(values.expires);
    const set = { token: 'CANARY-next' };
    const next = await update(ctx(), Safe, { _id: safe._id, name: 'a safe' }, { set });
    expect(next).not.toHaveProperty('token');
    expect(
      await decryptField(ctx(), Safe, (await raw({ id: `${safe._id}` })) as never, 'token'),
    ).toBe('CANARY-next');
  });

  test('is in the audit log as (sealed), without a value or a length', async () => {
    const { id } = await made();
    await call('PATCH', `/v1/safes/${id}`, { apiKey: `${KEY}-2`, env: { HF_TOKEN: 'CANARY6' } });
    await call('PATCH', `/v1/safes/${id}`, { twin: 'CANARY7' });
    await call('PATCH', `/v1/safes/${id}`, { twin: null });
    await appendToChain(systemCtx('test'));
    const document = new UUID(id as string);
    const events = await AuditEvent.collection.find({ document }).sort({ _id: 1 }).toArray();
    const changes = await Promise.all(
      events.map((e) => decryptField(ctx(), AuditEvent, e, 'changes')),
    );
    expect(changes).toMatchObject([
      { name: [null, 'a safe'], apiKey: [null, '(sealed)'], messages: [null, '(sealed)'] },
      { apiKey: ['(sealed)', '(sealed)'], env: ['(sealed)', '(sealed)'] },
      { twin: [null, '(sealed)'] },
      { twin: ['(sealed)', null] },
    ]);
    expect(JSON.stringify([events, changes])).not.toMatch(/CANARY|wxyz|HF_TOKEN/);
  });
});

describe('a ciphertext', () => {
  const unreadable = { code: 'UNREADABLE' };

  test('decrypts in its own document and field and under its own owner alone', async () => {
    const [one, other] = await Promise.all([made({ twin: 'first' }), made({ twin: 'second' })]);
    const stored = (await raw(one)) as unknown as { _id: UUID; user: UUID } & Json;
    const elsewhere: Json[] = [
      { ...stored, _id: idOf(other) },
      { ...stored, user: newId(Date.now()) },
      { ...stored, twin: stored.apiKey },
      { ...stored, twin: stored.env },
    ];
    expect(await decryptField(ctx(), Safe, stored, 'twin')).toBe('first');
    for (const document of elsewhere) {
      await expect(decryptField(ctx(), Safe, document as never, 'twin')).rejects.toMatchObject(
        unreadable,
      );
    }
    await Safe.collection.updateOne({ _id: idOf(other) }, { $set: { twin: stored.twin } });
    const answer = await call('GET', `/v1/safes/${other.id}`);
    expect(answer).toMatchObject({ status: 500, body: unreadable });
    expect(answer.text).not.toMatch(/CANARY|twin/);
    await Safe.collection.deleteOne({ _id: idOf(other) });
  });

  test('in which one bit has changed decrypts nowhere', async () => {
    const stored = (await raw(await made({ twin: 'first' }))) as unknown as Json;
    const bytes = Buffer.from((stored.twin as { bytes: mongo.Binary }).bytes.buffer);
    for (let bit = 0; bit < bytes.length * 8; bit += 5) {
      const spoilt = Buffer.from(bytes);
      (spoilt[bit >> 3] as number) ^= 1 << (bit & 7);
      const document = { ...stored, twin: { bytes: spoilt } } as never;
      await expect(decryptField(ctx(), Safe, document, 'twin'), `bit ${bit}`).rejects.toMatchObject(
        unreadable,
      );
    }
    for (const short of [Buffer.alloc(0), bytes.subarray(0, 20), bytes.subarray(0, -1)]) {
      const document = { ...stored, twin: { bytes: short } } as never;
      await expect(decryptField(ctx(), Safe, document, 'twin')).rejects.toMatchObject(unreadable);
    }
  });

  test('of an older key still decrypts, and after 90 days a new one encrypts', async () => {
    const old = await made({ twin: 'encrypted long ago' });
    const keyOf = async (doc: Json) => {
      const { twin } = (await raw(doc)) as unknown as { twin: { bytes: mongo.Binary } };
      return new UUID(twin.bytes.buffer.subarray(1, 17)).toString();
    };
    const long = new Date(Date.now() - 91 * 24 * 3600 * 1000);
    await DataKey.collection.updateMany({}, { $set: { createdAt: long } });
    passTime(6 * 60 * 1000); // by then this process looks again
    const values = { ...clear, user: new UUID(alice.id), twin: 'encrypted now' };
    const safe = await insert(ctx(), Safe, values);
    const young = { id: safe._id.toString() };
    expect(await keyOf(young)).not.toBe(await keyOf(old));
    expect(await keyOf(await made({ twin: 'x' }))).toBe(await keyOf(young));
    expect((await call('GET', `/v1/safes/${old.id}`)).body.twin).toBe('encrypted long ago');
    expect((await call('GET', `/v1/safes/${young.id}`)).body.twin).toBe('encrypted now');
    expect(await DataKey.collection.countDocuments({ subject: alice.id })).toBe(2);
  });

  test('whose key is gone is a fault of ours, and no empty answer', async () => {
    const user = new UUID(alice.id);
    const safe = (await insert(ctx(), Safe, { ...clear, user, twin: 'lost' })) as never as Json;
    const names = await listStoredKeys(`users/${alice.id}/`);
    const keys = await Promise.all(names.map((name) => loadKey(name)));
    await destroyKeys(`users/${alice.id}/`);
    passTime(6 * 60 * 1000);
    await expect(decryptField(ctx(), Safe, safe as never, 'twin')).rejects.toMatchObject(
      unreadable,
    );
    await Promise.all(names.map((name, n) => storeKey(name, keys[n] as WrappedKey)));
    expect(await decryptField(ctx(), Safe, safe as never, 'twin')).toBe('lost');
  });
});

test('a page of a hundred asks once for their key, and one without encrypted fields not at all', async () => {
  const user = new UUID(alice.id);
  await Promise.all(times(100, () => insert(ctx(), Safe, { ...clear, user })));
  passTime(6 * 60 * 1000);
  const found = await Safe.collection.find({ user }).limit(100).toArray();
  // The worker of this place asks for other things meanwhile.
  const askForKeys = async (holder: Entity) =>
    (await commandsOf(() => decryptFields(ctx(), holder, found as never))).filter(
      ({ commandName, command }) => command[commandName] === DataKey.collectionName,
    );
  expect((await askForKeys(Safe)).length).toBeLessThanOrEqual(2);
  expect(found.filter((d) => isCiphertext(d.messages))).toEqual([]);
  expect(await askForKeys(Holder)).toEqual([]);
});

test('the database refuses a value in clear where ciphertext belongs', async () => {
  const stored = await raw(await made());
  const write = (twin: unknown) =>
    Safe.collection.insertOne({ ...stored, _id: newId(Date.now()), twin } as never);
  for (const bad of ['clear', { bytes: 'clear' }, { last4: 'abcd' }, Buffer.of(1), null]) {
    await expect(write(bad)).rejects.toMatchObject({ code: 121 });
  }
  await write({ bytes: Buffer.of(1) });
  await Safe.collection.deleteMany({ 'twin.bytes': Buffer.of(1) });
});

test('what cannot be encrypted is refused when the schema is read', () => {
  const made = (name: string, fields: object) => () =>
    entity(name, () => new Schema(fields as never), { about: 'A test.' }).shape;
  expect(made('A', { a: { b: encrypted({ type: String }) } })).toThrow('a.b: only a field of');
  expect(made('B', { a: encrypted({ type: Number }, { shows: 'last4' }) })).toThrow(
    'only a string',
  );
  expect(made('C', { a: encrypted({ type: String, select: false }) })).toThrow('select belongs in');
  expect(describeEntity(Safe).properties).toMatchObject({
    apiKey: { type: 'string' },
    env: { type: 'object' },
    messages: { type: 'array', items: { type: 'object' } },
  });
});
