import '../harness/place.ts';
import { expect, test } from 'vitest';
import { sessions } from '../../functions/sessions.ts';
import { conforms } from '../conforms.ts';
import { type Doc, given } from '../harness/given.ts';
import { until } from '../harness/until.ts';

const sessionOf = (token: string): string =>
  JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString()).sid;

conforms(sessions, {
  make: async (person) => {
    const other = await person.signsIn();
    return (await person.get<Doc>(`/v1/sessions/${sessionOf(other.token)}`)).body;
  },
});

test("a user's sessions are listed with device and address, and without tokens", async () => {
  const alice = await given.user();
  const { body, text } = await alice.get<{ data: Doc[] }>('/v1/sessions');
  expect(body.data).toHaveLength(1);
  expect(body.data[0]).toMatchObject({ id: sessionOf(alice.token), ip: expect.any(String) });
  expect(text).not.toMatch(/hash|token/i);
});

test('a session that its owner ends is refused within 5 s, and cannot be refreshed', async () => {
  const alice = await given.user();
  const thief = await alice.signsIn();
  expect((await thief.get('/v1/users/me')).status).toBe(200);
  expect((await alice.delete(`/v1/sessions/${sessionOf(thief.token)}`)).status).toBe(204);
  await until(
    'the session is dead',
    async () => (await thief.get('/v1/users/me')).status === 401,
    5000,
  );
  expect((await thief.refreshes()).status).toBe(401);
  expect((await alice.get('/v1/users/me')).status).toBe(200);
});
