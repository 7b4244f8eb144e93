import './harness/place.ts';
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import mongoose, { type SchemaType } from 'mongoose';
import { describe, expect, test } from 'vitest';
import { migrations } from '../migrations/index.ts';
import { served } from '../scripts/served.ts';
import { createRouter } from '../src/api/http/route.ts';
import { describeApi } from '../src/api/openapi/openapi.ts';
import { type Entity, entities, type Stored } from '../src/data/entity.ts';
import { newId, UUID } from '../src/data/ids.ts';
import { compare, describe as describeDifference } from '../src/data/migrations/compare.ts';
import { deriveDefinitions, readDefinitions } from '../src/data/migrations/definitions.ts';
import { WORDS } from '../src/data/schema-words.ts';
import type { Field, ObjectShape, Shape } from '../src/data/shape.ts';
import { readConfiguration } from '../src/local/deployment/configuration.ts';
import * as models from '../src/models/index.ts';
import { listEventTypes } from '../src/services/webhooks/event-types.ts';
import { adminCollection, adminDatabase } from './harness/admin.ts';
import { sampleOf } from './harness/sample.ts';

interface Deployed {
  handler: string;
  events?: { httpApi?: string }[];
}

const deployed = readConfiguration('.').functions as Record<string, Deployed>; // osls checks its shape
const answering = Object.entries(deployed).filter(([, f]) => f.events?.some((e) => e.httpApi));
const routes = Object.values(served).flatMap((s) => s.routes);

describe('the registry', () => {
  test('of models has every model file and no other entity', () => {
    const files = readdirSync('src/models', { recursive: true, encoding: 'utf8' })
      .filter((f) => f.includes('/') && f.endsWith('.ts'))
      .filter((f) => /\bentity\(/.test(readFileSync(`src/models/${f}`, 'utf8')));
    const exported = readFileSync('src/models/index.ts', 'utf8').matchAll(/from '\.\/(.+)'/g);
    expect([...exported].map(([, f]) => f).toSorted()).toEqual(files.toSorted());
    expect(Object.keys(models).toSorted()).toEqual([...entities.keys()].toSorted());
    for (const [name, entity] of Object.entries(models)) expect(entity.name).toBe(name);
  });

  test('of functions has each HTTP function under its name in serverless.yml', () => {
    expect(Object.keys(served).toSorted()).toEqual(answering.map(([name]) => name).toSorted());
    for (const [name, { handler }] of answering) {
      const file = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      expect(handler).toBe(`functions/${file}.handler`);
    }
    const files = readdirSync('functions').map((f) => `functions/${basename(f, '.ts')}.handler`);
    expect(files.toSorted()).toEqual(
      Object.values(deployed)
        .map((f) => f.handler)
        // What runs jobs is deployed once for each of their queues.
        .filter((handler, n, all) => all.indexOf(handler) === n)
        .toSorted(),
    );
  });

  test('assigns each route to the function that API Gateway sends its path to', () => {
    const events = answering.flatMap(([name, { events = [] }]) =>
      events.flatMap(({ httpApi = '' }) => {
        const path = httpApi.replace(/^ANY /, '');
        if (path === '*') return [{ name, takes: () => true, length: 0 }];
        const takes = path.endsWith('/{path+}')
          ? (p: string) => p.startsWith(path.slice(0, -'{path+}'.length))
          : (p: string) => p === path;
        // Of a greedy path and one that is exactly so, the second wins.
        const length = path.replace('{path+}', '').length + (path.endsWith('+}') ? 0 : 0.5);
        return [{ name, takes, length }];
      }),
    );
    for (const [name, { routes }] of Object.entries(served)) {
      for (const { path } of routes) {
        const [taker] = events.filter((e) => e.takes(path)).toSorted((a, b) => b.length - a.length);
        expect(taker?.name, path).toBe(name);
      }
    }
  });

  test('has no two routes with the same id, or with the same method and path', () => {
    expect(new Set(routes.map((r) => r.id)).size).toBe(routes.length);
    expect(new Set(routes.map((r) => `${r.method} ${r.path}`)).size).toBe(routes.length);
    const find = createRouter(routes);
    const id = newId(Date.now()).toString();
    for (const route of routes) {
      const path = route.path
        .replace('{id}', id)
        .replace('{name}', 'waveform')
        .replace('{month}', '2026-11');
      expect(find(route.method, path), path).toMatchObject({ route: { id: route.id } });
    }
  });

  test('has a test that calls conforms() for every resource', async () => {
    const texts = readdirSync('test', { recursive: true, encoding: 'utf8' })
      .filter((f) => f.endsWith('.test.ts'))
      .map((f) => readFileSync(`test/${f}`, 'utf8'));
    const unheld = [];
    for (const [name, { handler }] of answering) {
      const made = served[name];
      if (!made?.entity) continue;
      const file = handler.replace('.handler', '.ts');
      const exported = Object.entries(await import(`../${file}`)).find(([, e]) => e === made)?.[0];
      const isHeld = texts.some(
        (t) =>
          t.includes(`{ ${exported} } from '../../${file}'`) &&
          t.includes(`\nconforms(${exported},`),
      );
      if (!isHeld) unheld.push(name);
    }
    expect(unheld).toEqual([]);
  });

  test('equals openapi.json', () => {
    const written = JSON.parse(readFileSync('openapi.json', 'utf8'));
    const described = describeApi(routes, written.info.version, listEventTypes());
    expect(JSON.parse(JSON.stringify(described))).toEqual(written);
  });
});

describe('schemas', () => {
  const paths = [...entities.values()].flatMap((entity) => {
    const found: [string, SchemaType][] = [];
    const collect = (schema: mongoose.Schema, prefix: string) =>
      schema.eachPath((path, type) => {
        found.push([`${entity.name}.${prefix}${path}`, type]);
        const inner = (type as SchemaType & { schema?: mongoose.Schema }).schema;
        if (inner) collect(inner, `${prefix}${path}.`);
      });
    collect(entity.schema, '');
    return found;
  });

  test('use only options of Mongoose and our own: Mongoose ignores a misspelt one', () => {
    const unknown = paths.flatMap(([path, type]) => {
      // Mongoose defines each option that it knows on the class of the options.
      const known = Object.getPrototypeOf(type.options);
      return Object.keys(type.options)
        .filter((option) => !(option in known) && !(option in WORDS))
        .map((option) => `${path}: ${option}`);
    });
    expect(unknown).toEqual([]);
    const probe = new mongoose.Schema({ x: { type: String, maxLenght: 1 } as never });
    const options = probe.path('x').options;
    expect('maxLenght' in Object.getPrototypeOf(options)).toBe(false);
    expect('maxlength' in Object.getPrototypeOf(options)).toBe(true);
  });

  test('say of every path what becomes of it when a person asks to be forgotten, or lie in one that does', () => {
    const said = new Map(paths.map(([path, type]) => [path, type.options.personal]));
    const isSaid = (path: string): boolean => {
      if (/^(export|erase|none|keep: \S.{10,})$/.test(said.get(path) ?? '')) return true;
      const parent = path.slice(0, path.lastIndexOf('.'));
      return !said.get(path) && parent.includes('.') && isSaid(parent);
    };
    expect([...said.keys()].filter((path) => !isSaid(path))).toEqual([]);
    expect(said.size).toBeGreaterThan(400);
  });

  test('take what is encrypted for personal or secret', () => {
    const open = paths.filter(
      ([, { options }]) =>
        options.encrypted && !['export', 'erase'].includes(options.personal ?? ''),
    );
    expect(open.map(([path]) => path)).toEqual([]);
  });

  test('are strict, and create neither collections nor indexes by themselves', () => {
    for (const { name, schema } of entities.values()) {
      const settings = ['strict', 'autoIndex', 'autoCreate'].map((s) => schema.get(s as 'strict'));
      expect(settings, name).toEqual(['throw', false, false]);
    }
    expect(mongoose.get('strictQuery')).toBe('throw');
    expect(mongoose.get('sanitizeFilter')).toBe(true);
  });
});

describe('migrations', () => {
  test('leave exactly the validators and indexes of the models', async () => {
    const differences = compare(
      await readDefinitions(adminDatabase()),
      deriveDefinitions(entities.values()),
    );
    expect(differences.flatMap(describeDifference)).toEqual([]);
  });

  test('are numbered in order, without gaps or duplicates', () => {
    const ids = migrations.map((m) => m.id);
    expect(ids).toEqual([...new Set(ids)].toSorted());
    for (const id of ids) expect(id).toMatch(/^\d{4}-[a-z0-9-]+$/);
  });
});

describe.each([...entities.values()].map((e) => [e.name, e] as [string, Entity]))(
  'the database itself refuses a bad %s',
  (_name, entity) => {
    const good = () => sampleOf(entity.shape) as Stored;
    const refuses = async (document: Record<string, unknown>) => {
      try {
        await adminCollection(entity).insertOne(document as Stored);
        return false;
      } catch (error) {
        if ((error as { code?: number }).code !== 121) throw error;
        return true;
      } finally {
        await adminCollection(entity).deleteMany({});
      }
    };

    test('and takes a good one', async () => {
      expect(await refuses(good())).toBe(false);
    });

    test('in at least twenty ways', async () => {
      const bad = flaws(entity.shape);
      expect(bad.length).toBeGreaterThanOrEqual(20);
      const through = [];
      for (const [flaw, spoil] of bad) {
        const document = good();
        spoil(document);
        if (!(await refuses(document))) through.push(flaw);
      }
      expect(through).toEqual([]);
    });
  },
);

type Flaw = [name: string, spoil: (document: Record<string, unknown>) => void];

/** What can be wrong with a document of this shape, one thing each. */
function flaws(shape: ObjectShape): Flaw[] {
  const own: Flaw[] = Object.entries(shape.fields).flatMap(([name, field]) => [
    ...(field.required && name !== '_id' ? [missing(name)] : []),
    ...wrongValues(field).map(
      ([what, value]): Flaw => [`${name}: ${what}`, (d) => Object.assign(d, { [name]: value })],
    ),
  ]);
  const unknown: Flaw[] = ['nonsense', '__v', 'Id'].map((n) => [
    n,
    (d) => Object.assign(d, { [n]: 1 }),
  ]);
  return [...own, ...unknown];
}

function missing(name: string): Flaw {
  return [`${name}: missing`, (d) => delete d[name]];
}

function wrongValues({ shape }: Field): [string, unknown][] {
  const typed: Record<Shape['kind'], unknown> = {
    string: 7,
    number: '7',
    boolean: 'true',
    binary: 'text',
    date: new Date().toISOString(),
    id: newId(Date.now()).toString(),
    free: 'text',
    map: 'text',
    array: { 0: 'text' },
    encrypted: 'text',
    object: 'text',
  };
  const wrong: [string, unknown][] = [
    ['another type', typed[shape.kind]],
    ['null', null],
  ];
  if (shape.kind === 'string' && shape.enum) wrong.push(['not in the list', 'NONSENSE']);
  if (shape.kind === 'string' && shape.max !== undefined) {
    wrong.push(['too long', 'x'.repeat(shape.max + 1)]);
  }
  if (shape.kind === 'string' && shape.min !== undefined) wrong.push(['too short', '']);
  if (shape.kind === 'number') {
    if (shape.integer) wrong.push(['a fraction', 1.5]);
    if (shape.min !== undefined) wrong.push(['too small', shape.min - 1]);
    if (shape.max !== undefined) wrong.push(['too large', shape.max + 1]);
  }
  if (shape.kind === 'id') {
    const { Binary, ObjectId } = mongoose.mongo;
    wrong.push(['bytes of another kind', new Binary(new UUID().buffer, 0)]);
    wrong.push(['too few bytes', new Binary(Buffer.alloc(15), 4)]);
    wrong.push(['an ObjectId', new ObjectId()]);
  }
  if (shape.kind === 'object') {
    const fields = sampleOf(shape) as Record<string, unknown>;
    wrong.push(['an unknown field in it', { ...fields, nonsense: 1 }]);
    const needed = Object.entries(shape.fields).find(([, f]) => f.required)?.[0];
    if (needed) wrong.push(['a field missing in it', { ...fields, [needed]: undefined }]);
  }
  if (shape.kind === 'encrypted') {
    wrong.push(['in clear', sampleOf(shape.inner)], ['bytes as text', { bytes: 'text' }]);
    wrong.push(['no bytes', { last4: 'abcd' }], ['more beside it', { bytes: Buffer.of(1), a: 1 }]);
    wrong.push(['more than last4', { bytes: Buffer.of(1), last4: 'abcde' }]);
  }
  if (shape.kind === 'array' && shape.items.kind !== 'free') {
    for (const [what, value] of wrongValues({ shape: shape.items } as Field)) {
      wrong.push([`an item: ${what}`, [value]]);
    }
  }
  return wrong;
}
