import '../harness/place.ts';
import { expect, test } from 'vitest';
import { choosePartSize } from '../../src/services/uploads/new-file.ts';
import { given, type MediaKind } from '../harness/given.ts';
import { place } from '../harness/place.ts';

place({ worker: false });

const MIB = 1024 * 1024;

test('a file of more than 64 MiB comes in parts of 16 MiB, and one that is huge in at most 10,000', () => {
  expect(choosePartSize(64 * MIB)).toBeUndefined();
  expect(choosePartSize(64 * MIB + 1)).toBe(16 * MIB);
  for (const size of [160_000 * MIB, 160_000 * MIB + 1, 5_000_000 * MIB]) {
    const part = choosePartSize(size) as number;
    expect(Math.ceil(size / part), `${size}`).toBeLessThanOrEqual(10_000);
    expect(part % MIB).toBe(0);
  }
});

test.each<[MediaKind, number]>([
  ['tracks', 1_000_000_000],
  ['audios', 1_000_000_000],
  ['images', 100_000_000],
  ['videos', 50_000_000_000],
])('of %s a file has at most %i bytes', async (kind, most) => {
  const alice = await given.user();
  const project = (await alice.project()).id;
  const { size } = await alice.medium(kind, { size: most, project });
  expect(size).toBe(most);
  await expect(alice.medium(kind, { size: most + 1, project })).rejects.toThrow('422');
});
