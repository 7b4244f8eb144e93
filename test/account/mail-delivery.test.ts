import '../harness/place.ts';
import { expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { UUID } from '../../src/data/ids.ts';
import { Mail } from '../../src/models/account/mail.ts';
import { User } from '../../src/models/account/user.ts';
import { runSend } from '../../src/services/account/mail/send.ts';
import type { Work } from '../../src/services/jobs/job-type.ts';
import { call, given, type Person } from '../harness/given.ts';
import { mailsTo, readToken } from '../harness/mails.ts';
import { place } from '../harness/place.ts';

place({ worker: false }); // mails are sent when the test says so

const findMail = ({ id }: Person) => Mail.collection.findOne({ user: new UUID(id) });

/** Sends the mail of somebody who has registered, as its job would. */
async function send(person: Person, complete: Work<{ mail: UUID }>['complete']): Promise<void> {
  const mail = await findMail(person);
  const work = { ctx: systemCtx('test'), input: { mail: mail?._id as UUID }, complete };
  await runSend(work as Work<{ mail: UUID }>);
}

const succeeds: Work<{ mail: UUID }>['complete'] = (write) => write(systemCtx('test'));
const dies = () => Promise.reject(new Error('The worker was killed.'));

const verify = (token: string) => call('POST', '/v1/auth/verify-email', { body: { token } });

test('a worker that dies behind the mail sends it again under the same id, and both tokens work until one is used', async () => {
  const alice = await given.user();
  await expect(send(alice, dies)).rejects.toThrow('killed');
  const [first] = await mailsTo(alice.email);
  await send(alice, succeeds);
  const [second, ...more] = await mailsTo(alice.email);
  expect(more).toEqual([]); // a file of the same name
  expect(second?.id).toBe(first?.id);
  const tokens = [first, second].map((mail) => mail && readToken(mail)) as string[];
  expect(tokens[0]).not.toBe(tokens[1]);
  expect((await verify(tokens[0] as string)).status).toBe(204);
  expect((await verify(tokens[1] as string)).status).toBe(422);
});

test('a mail that was sent is no longer stored', async () => {
  const alice = await given.user();
  expect(await findMail(alice)).not.toBeNull();
  await send(alice, succeeds);
  expect(await findMail(alice)).toBeNull();
});

test('a suspended account is sent no token', async () => {
  const alice = await given.user();
  await User.collection.updateOne({ _id: new UUID(alice.id) }, { $set: { isActive: false } });
  await send(alice, succeeds);
  expect(await mailsTo(alice.email)).toEqual([]);
});
