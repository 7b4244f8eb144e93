import { Schema } from 'mongoose';
import { expect, test } from 'vitest';
import { entities } from '../../src/data/entity.ts';

const countSchemas = () => (new Schema({}) as Schema & { $id: number }).$id;

test('loading every entity makes no schema, since a cold start uses few', async () => {
  expect(entities.size).toBe(0);
  const before = countSchemas();
  await import('../../src/models/index.ts');
  expect(entities.size).toBeGreaterThan(50);
  expect(countSchemas()).toBe(before + 1);
  expect([...entities.values()].every(({ schema }) => schema instanceof Schema)).toBe(true);
  expect(countSchemas()).toBeGreaterThan(before + entities.size);
});
