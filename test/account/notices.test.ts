import '../harness/place.ts';
import { expect, test } from 'vitest';
import { call, given, PASSWORD, type Person } from '../harness/given.ts';
import { mailsTo, mailTo } from '../harness/mails.ts';
import { withStoppedClock } from '../harness/stopped-clock.ts';
import { times } from '../harness/times.ts';

const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0';
const EVIL = 'You have won, see http://evil.example Firefox/140.0';

const signIn = (
  { email }: Person,
  userAgent: string,
  { password = PASSWORD, deviceToken }: { password?: string; deviceToken?: string } = {},
) =>
  call<{ deviceToken: string }>('POST', '/v1/auth/login', {
    body: { login: email, password, ...(deviceToken && { deviceToken }) },
    headers: { 'user-agent': userAgent },
  });

test('a changed password is told to the address of the account', async () => {
  const alice = await given.user();
  const body = { currentPassword: PASSWORD, newPassword: 'a wholly new password' };
  expect((await alice.post('/v1/auth/password', body)).status).toBe(204);
  const { text, html } = await mailTo(alice.email, 'password was changed');
  for (const form of [text, html]) expect(form).not.toMatch(/wholly new|correct horse/);
});

test('a sign-in from a new device is told once, and one from a known device is not', async () => {
  const alice = await given.user();
  const first = await signIn(alice, FIREFOX);
  const { text } = await mailTo(alice.email, 'new sign-in');
  expect(text).toContain('Firefox on Windows');
  const { deviceToken } = first.body;
  expect((await signIn(alice, FIREFOX, { deviceToken })).status).toBe(200);
  expect((await signIn(alice, FIREFOX)).status).toBe(200);
  expect((await signIn(alice, 'okhttp/5.0')).status).toBe(200);
  await mailTo(alice.email, 'new sign-in', 2);
  expect(await mailsTo(alice.email, 'new sign-in')).toHaveLength(2);
});

test('a locked account is told once, however often somebody tries, and in our words alone', async () => {
  const alice = await given.user();
  await withStoppedClock(async () => {
    await Promise.all(times(10, () => signIn(alice, EVIL, { password: 'a guess' })));
    for (let n = 0; n < 3; n++) expect((await signIn(alice, EVIL)).status).toBe(429);
  });
  const { text, html } = await mailTo(alice.email, 'Too many failed sign-ins');
  expect(text + html).not.toContain('evil');
  await alice.post('/v1/auth/password', { currentPassword: PASSWORD, newPassword: 'another one!' });
  await mailTo(alice.email, 'password was changed'); // asked for later
  expect(await mailsTo(alice.email, 'Too many failed sign-ins')).toHaveLength(1);
});
