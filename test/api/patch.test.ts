import '../harness/place.ts';
import { afterEach, expect, test, vi } from 'vitest';
import { patch } from '../../src/api/resource/patch.ts';
import { type Ctx, systemCtx } from '../../src/context.ts';
import { UUID } from '../../src/data/ids.ts';
import { UserSettings } from '../../src/models/account/user-settings.ts';
import { given } from '../harness/given.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** Patches a document that somebody else changes between each read and the write after it. */
async function patchContended(more: Partial<Ctx> = {}) {
  const { id } = await given.user();
  const write = vi.spyOn(UserSettings.collection, 'findOneAndUpdate').mockResolvedValue(null);
  const ctx = { ...systemCtx('test'), ...more };
  const body = { preferences: { theme: 'dark' } };
  const outcome = patch(ctx, UserSettings, { user: new UUID(id) }, body, undefined);
  await expect(outcome).rejects.toMatchObject({ code: 'CONFLICT', retryAfter: 1 });
  return { writes: write.mock.calls.length };
}

test('a merge patch of a document that others keep changing gives up after 20 tries, with 409', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0); // no pause between them
  expect(await patchContended()).toEqual({ writes: 20 });
});

test('a merge patch whose function has no time left for another try gives up, with 409', async () => {
  expect(await patchContended({ deadline: performance.now() })).toEqual({ writes: 1 });
});
