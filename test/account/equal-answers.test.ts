import '../harness/place.ts';
import { expect, test } from 'vitest';
import { Mail } from '../../src/models/account/mail.ts';
import { call, given } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { profileOf } from '../harness/profile.ts';

// Only what the request itself does is counted.
place({ worker: false });

const ask = (email: string) => call('POST', '/v1/auth/password-reset', { body: { email } });

test('a reset of the password is answered alike, by the same commands, whether there is such an account or not', async () => {
  const alice = await given.user();
  await ask('somebody@example.com'); // what a process does once
  const seen = [];
  for (const email of [alice.email, 'nobody@example.com']) {
    let answer: unknown;
    const commands = await profileOf(async () => {
      const { status, text, headers } = await ask(email);
      answer = { status, text, names: [...headers.keys()].toSorted() };
    });
    const told = commands
      .map(({ op, ns, docsExamined = 0 }) => `${op} ${ns} ${docsExamined}`)
      // Merged in the background, each second.
      .filter((line) => !/callCount|addressCount/i.test(line));
    seen.push({ answer, commands: told.toSorted() });
  }
  expect(seen[0]?.commands.length).toBeGreaterThan(2);
  expect(seen[0]).toEqual(seen[1]);
});

test('the address of a mail that waits can be read by nobody who reads the database', async () => {
  const address = 'waiting@example.com';
  expect((await ask(address)).status).toBe(202);
  const stored = await Mail.collection.find().toArray();
  expect(stored.length).toBeGreaterThan(0);
  expect(JSON.stringify(stored)).not.toContain(address);
  for (const mail of stored) {
    const bytes = Buffer.from(mail.to.bytes.buffer as Uint8Array);
    expect(bytes.includes(address)).toBe(false);
  }
});

test('strangers can have five mails an hour sent to one address', async () => {
  const address = 'flooded@example.com';
  const statuses = [];
  for (let n = 0; n < 6; n++) statuses.push((await ask(address)).status);
  expect(statuses).toEqual([202, 202, 202, 202, 202, 429]);
});
