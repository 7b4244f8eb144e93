import '../harness/place.ts';
import { describe, expect, test } from 'vitest';
import { newId } from '../../src/data/ids.ts';
import { call, given, PASSWORD } from '../harness/given.ts';

interface Body {
  user: { email: string };
  errors: { path: string; message: string }[];
}

const newName = () => `n${newId(Date.now()).toString().replaceAll('-', '')}`;
const register = (values: object) =>
  call<Body>('POST', '/v1/auth/register', {
    body: { email: `${newName()}@example.com`, username: newName(), password: PASSWORD, ...values },
  });
const IMAGE = { name: 'x', contentType: 'image/png', size: 1 };
const login = (login: string) =>
  call('POST', '/v1/auth/login', { body: { login, password: PASSWORD } });

describe.concurrent('an email address', () => {
  test.each([
    ['a control character', 'a\u0007b@example.com'],
    ['NUL', 'a\0b@example.com'],
    ['a zero-width space', 'a\u200bb@example.com'],
    ['a zero-width joiner in the domain', 'ab@exam\u200dple.com'],
    ['a right-to-left override', 'a\u202eb@example.com'],
    ['a soft hyphen', 'a\u00adb@example.com'],
    ['two dots', 'a..b@example.com'],
    ['a dot first', '.ab@example.com'],
    ['a dot last', 'ab.@example.com'],
    ['half of a surrogate pair', 'a\ud800b@example.com'],
    ['a space of another width', 'a\u2003b@example.com'],
    ['a domain of one label', 'ab@localhost'],
    ['two at signs', 'a@b@example.com'],
    ['a domain that no name can be', 'ab@exa_mple.com'],
    ['a path behind its domain', 'ab@example.com/x'],
    ['a query behind its domain', 'ab@example.com?x'],
    ['a percent sign in its domain', 'ab@ex%61mple.com'],
    ['a port', 'ab@example.com:80'],
  ])('with %s is refused', async (_, email) => {
    const answer = await register({ email });
    expect(answer.status).toBe(422);
    expect(answer.body.errors.map((e) => e.path)).toEqual(['email']);
  });

  test('is one, however its Unicode characters are composed', async () => {
    const name = newName();
    const composed = `${name}é@example.com`;
    expect((await register({ email: composed })).body.user.email).toBe(composed);
    expect((await register({ email: composed.normalize('NFD').toUpperCase() })).status).toBe(409);
    expect((await login(composed.normalize('NFD'))).status).toBe(200);
  });

  test('is one, whether its domain is international or ASCII', async () => {
    const name = newName();
    const { status, body } = await register({ email: `${name}@Bücher.example` });
    expect([status, body.user.email]).toEqual([201, `${name}@xn--bcher-kva.example`]);
    expect((await register({ email: `${name}@xn--bcher-kva.example` })).status).toBe(409);
    for (const domain of ['bücher.example', 'BÜCHER.example', 'xn--bcher-kva.example'])
      expect((await login(`${name}@${domain}`)).status, domain).toBe(200);
  });
});

describe.concurrent('a password', () => {
  test('is not the own email or username, nor one character repeated', async () => {
    const username = `Name-${newName()}`;
    const email = `${newName()}@example.com`;
    const own = [email, email.toUpperCase(), email.split('@')[0], username, username.toLowerCase()];
    for (const password of [...own, 'aaaaaaaaaaaa', '🎵'.repeat(20), 'aAaAaAaAaAaA']) {
      const answer = await register({ email, username, password });
      expect([answer.status, answer.body.errors[0]?.path], password).toEqual([422, 'password']);
    }
  });

  test('that is new differs from the one before', async () => {
    const alice = await given.user();
    const change = (newPassword: string) =>
      alice.post<Body & { id: string; status: string }>('/v1/auth/password', {
        currentPassword: PASSWORD,
        newPassword,
      });
    for (const wanted of [PASSWORD, alice.email, alice.username]) {
      const answer = await change(wanted);
      expect([answer.status, answer.body.errors[0]?.path], wanted).toEqual([422, 'newPassword']);
    }
    expect((await change('a wholly new password')).status).toBe(204);
  });
});

describe.concurrent('a name', () => {
  test.each([
    ['NUL', 'a\0b'],
    ['half of a surrogate pair', 'a\udc00b'],
    ['zero-width characters alone', '\u200b\u200d\u2060'],
    ['Hangul fillers alone', '\u3164\u3164'],
    ['an empty Braille cell alone', '\u2800'],
    ['direction marks alone', '\u200e\u200f\u202e'],
    ['tags alone', '\u{e0061}\u{e007f}'],
  ])('of %s is refused, wherever there are names', async (_, name) => {
    const alice = await given.user();
    const answers = [
      await alice.post<Body & { id: string; status: string }>('/v1/projects', { name }),
      await alice.patch('/v1/users/me', { displayName: name }),
      await alice.post('/v1/tracks', { name, project: alice.id }),
      await register({ displayName: name }),
      await alice.post('/v1/images', { ...IMAGE, fileName: name }),
    ];
    expect(answers.map((a) => a.status)).toEqual([422, 422, 422, 422, 422]);
  });

  test.each(['é', 'e\u0301', '歌', '👩‍🚀', '‏שלום', 'x'])('of %s is taken', async (name) => {
    const alice = await given.user();
    expect((await alice.post('/v1/projects', { name })).body).toMatchObject({ name });
  });
});

test('a day that does not exist is refused, with 400 in a query and 422 in a body', async () => {
  const alice = await given.user();
  for (const day of [
    '2026-02-30',
    '2025-02-29',
    '2026-04-31T00:00:00Z',
    '2026-13-01',
    '2026-00-10',
  ]) {
    const listed = await alice.get(`/v1/projects?createdAt[gte]=${day}`);
    expect(listed.status, day).toBe(400);
  }
  for (const day of ['2024-02-29', '2026-12-31T23:59:59.999Z'])
    expect((await alice.get(`/v1/projects?createdAt[gte]=${day}`)).status, day).toBe(200);
});
