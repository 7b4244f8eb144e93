import '../harness/place.ts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringifyDocument } from '../../src/api/json/document.ts';
import { putAscii, writeText } from '../../src/api/json/text.ts';
import { type Part, putMembers } from '../../src/api/json/transcode.ts';
import { encode } from '../../src/data/bson.ts';
import type { Entity } from '../../src/data/entity.ts';
import { type Base, entities } from '../../src/data/entity.ts';
import { idText, UUID } from '../../src/data/ids.ts';
import type { Field, ObjectShape, Shape } from '../../src/data/shape.ts';
import '../../src/models/index.ts';
import { LlmInteraction } from '../../src/models/generation/llm/interaction.ts';
import { Project } from '../../src/models/projects/project.ts';

type Json = Record<string, unknown>;

/** What clients are sent of a document that was read. */
function sent(entity: Entity, document: object, part?: Part): unknown {
  return JSON.parse(
    writeText(() => {
      putAscii('{');
      putMembers(entity, encode(document), 0, part);
      putAscii('}');
    }),
  );
}

/** The text of a document as clients see it, made of objects: the plain way, to compare with. */
function expected(entity: Entity, document: Json): string {
  const { _id, ...rest } = document;
  return JSON.stringify(shownOf(entity.shape, { _id, ...rest }));
}

function shownOf(shape: Shape, value: unknown): unknown {
  switch (shape.kind) {
    case 'object': {
      const names = Object.keys(shape.fields).toSorted(
        (a, b) => Number(b === '_id') - Number(a === '_id'),
      );
      return Object.fromEntries(
        names.flatMap((name) => {
          const field = shape.fields[name] as Field;
          const member = (value as Json)[name] ?? undefined;
          if (field.hidden || member === undefined) return [];
          return [[field.publicName, shownOf(field.shape, member)]];
        }),
      );
    }
    case 'array':
      return (value as unknown[]).map((item) => shownOf(shape.items, item));
    case 'map':
      return freeOf(value);
    case 'encrypted':
      return shape.shows
        ? `…${(value as { last4?: string }).last4 ?? ''}`
        : shownOf(shape.inner, value);
    default:
      return freeOf(value);
  }
}

function freeOf(value: unknown): unknown {
  if (value instanceof UUID) return idText(value);
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(freeOf);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, freeOf(member)]));
}

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.constantFrom(
    '"',
    '\\',
    '\u0000'.repeat(40),
    'a\nb\tc\u001f',
    '\u2028',
    '🎵'.repeat(9),
    '</script>',
  ),
);
const date = fc.date({
  noInvalidDate: true,
  min: new Date('0000-01-01'),
  max: new Date('9999-12-31'),
});
const id = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((bytes) => new UUID(Buffer.from(bytes)));
const number = fc.oneof(fc.integer(), fc.double({ noNaN: true }), fc.maxSafeInteger());
const free: fc.Arbitrary<unknown> = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    ...[text, number, fc.boolean(), fc.constant(null), date, id],
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(
      // No backslash alone: after an object with such a key, V8's JSON.parse reads "\u0003" as one, too.
      text.filter((key) => !key.includes('\0') && key !== '\\'),
      tie('any'),
      { maxKeys: 3 },
    ),
  ),
})).any;

function anyOf(shape: Shape): fc.Arbitrary<unknown> {
  switch (shape.kind) {
    case 'string':
      return text;
    case 'number':
      return number;
    case 'boolean':
      return fc.boolean();
    case 'date':
      return date;
    case 'id':
      return id;
    case 'free':
      return free;
    case 'map':
      return fc.dictionary(fc.stringMatching(/^\w{1,5}$/), anyOf(shape.values), { maxKeys: 3 });
    case 'array':
      return fc.array(anyOf(shape.items), { maxLength: 3 });
    case 'encrypted':
      return shape.shows
        ? fc.record({ bytes: fc.constant(Buffer.from('ciphertext')), last4: text })
        : anyOf(shape.inner);
    case 'object':
      return documentOf(shape);
    case 'binary':
      return fc.constant(Buffer.from('never shown'));
  }
}

/** Documents of a shape: some fields missing, some null, in any order. */
function documentOf({ fields }: ObjectShape): fc.Arbitrary<object> {
  const members = Object.entries(fields).map(([name, { shape }]: [string, Field]) =>
    fc.tuple(
      fc.constant(name),
      fc.oneof({ weight: 6, arbitrary: anyOf(shape) }, fc.constant(null), fc.constant(undefined)),
    ),
  );
  return fc
    .tuple(fc.tuple(...members), fc.boolean(), fc.integer())
    .map(([all, isShuffled, seed]) =>
      Object.fromEntries(
        isShuffled ? all.toSorted(([a], [b]) => order(a, seed) - order(b, seed)) : all,
      ),
    );
}

function order(name: string, seed: number): number {
  return Buffer.from(name).reduce((sum, byte) => (sum * 31 + byte) % 9973, Math.abs(seed));
}

const shown = [...entities.values()].filter(({ shape }) =>
  Object.values(shape.fields).every((field) => field.hidden || field.shape.kind !== 'binary'),
);

test.each(shown.map((entity) => [entity.name, entity] as const))(
  'what is written or read of any %s is answered as its schema says, in the same words',
  (_, entity) => {
    fc.assert(
      fc.property(documentOf(entity.shape), (document) => {
        const whole = { ...document, _id: new UUID() };
        const text = expected(entity, whole);
        expect(stringifyDocument(entity, whole as unknown as Base)).toBe(text);
        expect(sent(entity, whole)).toEqual(JSON.parse(text));
      }),
      { numRuns: 40 },
    );
  },
);

test('what an answer adds to a document stands behind its own members', () => {
  const project = { _id: new UUID(), name: 'Aé "x"' } as unknown as Base;
  const id = project._id.toString();
  expect(stringifyDocument(Project, project, { job: 'ü', upload: undefined })).toBe(
    `{"id":"${id}","name":"Aé \\"x\\"","job":"ü"}`,
  );
  expect(stringifyDocument(Project, project, { upload: undefined })).toBe(
    stringifyDocument(Project, project),
  );
});

test('fields that the entity does not have are left out, wherever they are in the document', () => {
  const document = { _id: new UUID(), namee: 1, nam: 2, name: 'a', '': 3, included: [{ name: 4 }] };
  expect(sent(Project, document)).toEqual({ id: document._id.toString(), name: 'a' });
});

test('a projection answers exactly the fields that were asked for', () => {
  const document = { _id: new UUID(), name: 'a', description: 'b', user: new UUID() };
  const part = { only: new Set(['id', 'name', 'user']), except: new Set(['user']) };
  expect(sent(Project, document, part)).toEqual({ id: document._id.toString(), name: 'a' });
});

test('ciphertext and other binary values are refused instead of written', () => {
  const encrypted = { bytes: Buffer.from('ciphertext') };
  const at = (entity: Entity, name: string, value: unknown) => () =>
    sent(entity, { _id: new UUID(), [name]: value });
  expect(at(LlmInteraction, 'messages', encrypted)).toThrow('nobody has decrypted');
  const written = { _id: new UUID(), messages: encrypted } as unknown as Base;
  expect(() => stringifyDocument(LlmInteraction, written)).toThrow('nobody has decrypted');
  expect(at(Project, 'name', Buffer.from('bytes'))).toThrow('no id');
});

test('a long page is complete, and leaves nothing in the next answer', () => {
  const long = Array.from({ length: 300 }, (_, i) => `${i} "ä"\n`.repeat(500));
  expect(sent(Project, { _id: new UUID(), description: long.join() })).toMatchObject({
    description: long.join(),
  });
  expect(Object.keys(sent(Project, { _id: new UUID() }) as object)).toEqual(['id']);
});
