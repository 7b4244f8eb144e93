import '../harness/place.ts';
import { expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { UUID } from '../../src/data/ids.ts';
import { Mail } from '../../src/models/account/mail.ts';
import { Job } from '../../src/models/jobs/job.ts';
import { forgetUser } from '../../src/services/crypto/forget.ts';
import { call, given, PASSWORD, type Person } from '../harness/given.ts';
import { mailsTo, mailTo, readToken } from '../harness/mails.ts';
import { times } from '../harness/times.ts';
import { until } from '../harness/until.ts';

const ctx = systemCtx('test');
const forget = ({ id }: Person) => forgetUser(ctx, new UUID(id));

const signIn = (login: string, password = PASSWORD) =>
  call('POST', '/v1/auth/login', { body: { login, password } });
const askReset = (email: string) => call('POST', '/v1/auth/password-reset', { body: { email } });

/** All mails that were asked for have been sent, or given up; and none of their jobs has failed. */
async function workMails(): Promise<void> {
  await until('no mail waits', async () => {
    const open = { type: 'send-mail', status: { $in: ['QUEUED', 'RUNNING'] } };
    return (await Job.collection.countDocuments(open)) === 0;
  });
  const tried = { type: 'send-mail', $or: [{ attempts: { $gt: 0 } }, { status: 'FAILED' }] };
  expect(await Job.collection.find(tried).toArray()).toEqual([]);
  expect(await Mail.collection.countDocuments()).toBe(0);
}

test('who was forgotten signs in as nobody does: with the right password, too', async () => {
  const alice = await given.user();
  await workMails();
  await forget(alice);
  const withoutId = async (login: string) => {
    const { status, body } = await signIn(login);
    return { status, ...body, instance: undefined };
  };
  const unknown = await withoutId('nobody@example.com');
  expect(unknown.status).toBe(401);
  for (const login of [alice.email, alice.username])
    expect(await withoutId(login)).toEqual(unknown);
  await Promise.all(times(12, () => signIn(alice.email, 'a guess')));
  expect((await signIn(alice.email)).status).toBe(429);
  await workMails();
  expect(await mailsTo(alice.email, 'Too many')).toEqual([]);
});

test('whoever is still signed in to a forgotten account changes neither password nor address', async () => {
  const alice = await given.user();
  await workMails();
  await forget(alice);
  const change = { currentPassword: PASSWORD, newPassword: 'a wholly new password' };
  const move = { email: `new.${alice.email}`, password: PASSWORD };
  for (const answer of [
    await alice.post('/v1/auth/password', change),
    await alice.post('/v1/auth/email', move),
  ])
    expect([answer.status, answer.body.code]).toEqual([401, 'INVALID_CREDENTIALS']);
});

test('a token that was sent before its user was forgotten is worth nothing, and no other is sent', async () => {
  const alice = await given.user();
  const verify = readToken(await mailTo(alice.email, 'Confirm your address'));
  await askReset(alice.email);
  const reset = readToken(await mailTo(alice.email, 'Reset your password'));
  await workMails();
  await forget(alice);
  const password = 'a wholly new password';
  for (const [path, body] of [
    ['/v1/auth/verify-email', { token: verify }],
    ['/v1/auth/password-reset/confirm', { token: reset, password }],
  ] as const) {
    const answer = await call('POST', path, { body });
    expect([answer.status, answer.body.code], path).toEqual([422, 'INVALID_TOKEN']);
  }
  expect((await askReset(alice.email)).status).toBe(202);
  await workMails();
  expect(await mailsTo(alice.email, 'Reset your password')).toHaveLength(1);
});
