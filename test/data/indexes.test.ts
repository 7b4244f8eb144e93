import '../harness/place.ts';
import { expect, test } from 'vitest';
import { type Entity, entities, entityNamed } from '../../src/data/entity.ts';
import { referencesOf, referencesTo } from '../../src/data/references.ts';
import '../../src/models/index.ts';

interface Index {
  names: string[];
  unique: boolean;
  isPartial: boolean;
}

const indexesOf = (entity: Entity): Index[] =>
  entity.schema.indexes().map(([key, options]) => ({
    names: Object.keys(key),
    unique: options?.unique === true,
    isPartial: options?.partialFilterExpression !== undefined,
  }));

test('every reference has an index, which sweeps and checks use', () => {
  const bare = [...entities.values()].flatMap((entity) =>
    referencesOf(entity)
      .filter(({ path }) => !indexesOf(entity).some((i) => i.names[0] === path && !i.isPartial))
      .map(({ path }) => `${entity.name}.${path}`),
  );
  expect(bare).toEqual([]);
});

test('every collection in which a removal may leave a mark has an index on it', () => {
  const marked = [...entities.values()].filter((e) =>
    referencesTo(e.name).some((r) => r.onDelete === 'restrict'),
  );
  expect(marked.length).toBeGreaterThan(5);
  const bare = marked.filter((e) => !indexesOf(e).some((i) => i.names[0] === 'removing'));
  expect(bare.map((e) => e.name)).toEqual([]);
});

// What the data model asks for: entity, field, and whether it is unique.
const ASKED: [entity: string, field: string, unique?: boolean][] = [
  ['User', 'email', true],
  ['User', 'username', true],
  ['User', 'createdAt'],
  ['Project', 'user'],
  ['Project', 'status'],
  ['Project', 'createdAt'],
  ['Track', 'user'],
  ['Track', 'project'],
  ['Track', 'status'],
];

test.each(ASKED)('%s has an index on %s', (name, field, unique = false) => {
  // What is somebody's is always asked for by its owner first.
  const found = indexesOf(entityNamed(name)).filter(
    ({ names, isPartial }) =>
      !isPartial && names.slice(0, names[0] === 'user' ? 2 : 1).includes(field),
  );
  expect(found.length).toBeGreaterThan(0);
  if (unique) expect(found.some((i) => i.unique && i.names.length === 1)).toBe(true);
});
