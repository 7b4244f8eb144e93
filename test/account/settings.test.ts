import '../harness/place.ts';
import { expect, test } from 'vitest';
import { settings } from '../../functions/settings.ts';
import { UserSettings } from '../../src/models/account/user-settings.ts';
import { owner } from '../../src/rules.ts';
import { conforms } from '../conforms.ts';
import { type Doc, given } from '../harness/given.ts';
import { times } from '../harness/times.ts';

const path = '/v1/settings';

conforms(
  {
    entity: UserSettings,
    options: { path, can: { read: owner } },
    routes: settings.routes,
    isSingle: true,
  },
  {
    make: async (person) => (await person.get<Doc>(path)).body,
    change: { preferences: { theme: 'dark' } },
  },
);

test('a merge patch changes what it names, removes what it sets to null, and leaves the rest', async () => {
  const alice = await given.user();
  await alice.patch(path, { preferences: { theme: 'dark', sound: { volume: 3, mute: true } } });
  const { body } = await alice.patch(path, {
    preferences: { sound: { volume: null, pan: [1] }, 'dotted.key': 'kept', gone: null },
  });
  const preferences = {
    theme: 'dark',
    sound: { mute: true, pan: [1] },
    'dotted.key': 'kept',
  };
  expect(body.preferences).toEqual(preferences);
  expect((await alice.get(path)).body.preferences).toEqual(preferences);
});

test('64 merge patches of different keys at once are all applied', async () => {
  const alice = await given.user();
  const answers = await Promise.all(
    times(64, (n) => alice.patch(path, { preferences: { [`key${n}`]: n } })),
  );
  expect(answers.map((a) => a.status)).toEqual(times(64, () => 200));
  const { body } = await alice.get(path);
  expect(body.preferences).toEqual(Object.fromEntries(times(64, (n) => [`key${n}`, n])));
});

test('each free-form object holds at most 16 KiB, also when it grows patch by patch', async () => {
  const alice = await given.user();
  const half = 'x'.repeat(9 * 1024);
  expect((await alice.patch(path, { application: { a: half } })).status).toBe(200);
  const before = await alice.get(path);
  for (const application of [{ b: half }, { c: half + half }]) {
    const refused = await alice.patch(path, { application });
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ path: 'application' }] } });
  }
  expect((await alice.get(path)).body).toEqual(before.body);
  expect((await alice.patch(path, { notifications: { b: half } })).status).toBe(200);
});
