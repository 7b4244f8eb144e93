import '../harness/place.ts';
import { beforeAll, describe, expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import {
  decryptField,
  encryptField,
  listEncryptedFields,
  type Owner,
} from '../../src/data/encrypted-fields.ts';
import { type Entity, entities } from '../../src/data/entity.ts';
import { newId, UUID } from '../../src/data/ids.ts';
import '../../src/models/index.ts';
import { place } from '../harness/place.ts';

place({ worker: false });

const ctx = systemCtx('test');
const unreadable = { code: 'UNREADABLE' };
const withEncrypted = [...entities.values()].filter((e) => listEncryptedFields(e).length > 0);
const owner = (): Owner => ({ _id: newId(Date.now()), user: new UUID() });

type Field = { bytes: Uint8Array };

describe.each(withEncrypted.map((e) => [e.name, e] as [string, Entity]))(
  'what is encrypted of a %s',
  (_name, entity) => {
    const fields = listEncryptedFields(entity);
    const [one, sibling] = [owner(), owner()];
    const stranger = { _id: newId(Date.now()), user: new UUID() };
    const stored = new Map<Owner, Record<string, Field>>();

    beforeAll(async () => {
      // Two documents of one owner, and one of another.
      Object.assign(sibling, { user: one.user });
      for (const document of [one, sibling, stranger]) {
        const values: Record<string, Field> = {};
        for (const path of fields) {
          values[path] = (await encryptField(ctx, entity, document, path, 'CANARY')) as Field;
        }
        stored.set(document, values);
      }
    });

    const at = (document: Owner) => stored.get(document) as Record<string, Field>;
    const open = (document: Owner, path: string, bytes: Uint8Array) =>
      decryptField(ctx, entity, { ...document, [path]: { bytes } }, path);

    test('opens in its own place', async () => {
      for (const path of fields) {
        expect(await open(one, path, at(one)[path]?.bytes as Uint8Array)).toBe('CANARY');
      }
    });

    test('opens in no other document, of the same owner or of another, in no other field and entity', async () => {
      for (const path of fields) {
        const bytes = at(one)[path]?.bytes as Uint8Array;
        const elsewhere: [Owner, string][] = [
          [sibling, path],
          [stranger, path],
          [{ _id: one._id, user: stranger.user as UUID }, path],
          [{ _id: stranger._id, user: one.user as UUID }, path],
          ...fields.filter((other) => other !== path).map((other): [Owner, string] => [one, other]),
        ];
        for (const [document, name] of elsewhere) {
          await expect(open(document, name, bytes)).rejects.toMatchObject(unreadable);
        }
        const [foreign] = withEncrypted.filter((e) => e !== entity);
        const [name] = listEncryptedFields(foreign as Entity) as [string];
        await expect(
          decryptField(ctx, foreign as Entity, { ...one, [name]: { bytes } }, name),
        ).rejects.toMatchObject(unreadable);
      }
    });

    test('opens with no other key id, with none, cut, or with one bit changed', async () => {
      const [path] = fields as [string];
      const bytes = Buffer.from(at(one)[path]?.bytes as Uint8Array);
      const others = Buffer.from(at(stranger)[path]?.bytes as Uint8Array);
      const with_ = (id: Buffer) => Buffer.concat([bytes.subarray(0, 1), id, bytes.subarray(17)]);
      const spoilt = [
        with_(others.subarray(1, 17)),
        with_(Buffer.alloc(16)),
        with_(Buffer.from(new UUID().buffer)),
        Buffer.concat([bytes.subarray(0, 1), bytes.subarray(17)]),
        bytes.subarray(17),
        bytes.subarray(0, -1),
        Buffer.concat([bytes, Buffer.alloc(1)]),
        Buffer.alloc(0),
      ];
      for (let n = 0; n < bytes.length; n++) {
        const flipped = Buffer.from(bytes);
        (flipped[n] as number) ^= 1 << (n % 8);
        spoilt.push(flipped);
      }
      for (const bad of spoilt)
        await expect(open(one, path, bad)).rejects.toMatchObject(unreadable);
    });

    test('is refused in clear', async () => {
      const [path] = fields as [string];
      await expect(decryptField(ctx, entity, { ...one, [path]: 'CANARY' }, path)).rejects.toThrow();
    });
  },
);

test('prompts, messages, graphs, parameters, inputs, outputs, secrets and tokens are encrypted', () => {
  const encrypted = withEncrypted.flatMap((e) =>
    listEncryptedFields(e).map((path) => `${e.name}.${path}`),
  );
  expect(encrypted).toEqual(
    expect.arrayContaining([
      ...['LlmInteraction.messages', 'LlmInteraction.response', 'LlmInteraction.parameters'],
      ...['ComfyUIWorkflowConfig.graph', 'ComfyUIWorkflowConfig.parameters'],
      ...['ComfyUIWorkflowExecution.parameters', 'ComfyUIWorkflowExecution.nodeErrors'],
      ...['RunPodExecution.input', 'RunPodExecution.output', 'RunPodTemplate.env'],
      ...['RunPodConfiguration.apiKey', 'RunPodConfiguration.webhookToken'],
      ...['WebhookEndpoint.secret', 'WebhookEndpoint.previousSecret', 'User.hashedPassword'],
      ...['SocialAccount.accessToken', 'SocialAccount.refreshToken', 'Mail.to', 'MailToken.email'],
    ]),
  );
});
