import '../harness/place.ts';
import { expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { dropCachedKeys } from '../../src/data/data-keys.ts';
import { lowestIdAt, newId, UUID } from '../../src/data/ids.ts';
import { callSqs } from '../../src/local/queue/client.ts';
import { Session } from '../../src/models/account/session.ts';
import { isWithin, markMoment } from '../../src/moment.ts';
import { signAccessToken, verifyAccessToken } from '../../src/services/account/tokens.ts';
import { requestAppend } from '../../src/services/audit/chain.ts';
import { passTime, withClockAhead } from '../harness/clocks.ts';
import { given } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { times } from '../harness/times.ts';

place({ worker: false });

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const YEAR = 365 * DAY;
const ctx = () => systemCtx('test');

test('a moment is within a time by both clocks, and long ago after a jump', async () => {
  const moment = markMoment();
  expect(isWithin(moment, MINUTE)).toBe(true);
  for (const jump of [DAY, -DAY, YEAR, -YEAR]) {
    await withClockAhead(jump, async () => expect(isWithin(moment, MINUTE)).toBe(false));
    const then = await withClockAhead(jump, async () => markMoment());
    expect(isWithin(then, MINUTE)).toBe(false);
  }
  passTime(MINUTE);
  expect(isWithin(moment, MINUTE)).toBe(false);
});

test.each([
  ['day', DAY],
  ['year', YEAR],
])(
  'a session that was believed while the clock was a %s ahead is not believed any longer once it is back',
  async (_what, jump) => {
    const alice = await given.user();
    const other = await withClockAhead(jump, async () => {
      const signedIn = await alice.signsIn();
      expect((await signedIn.get('/v1/users/me')).status).toBe(200);
      return signedIn;
    });
    const { sid } = JSON.parse(
      Buffer.from(other.token.split('.')[1] as string, 'base64url').toString(),
    );
    // As another process ends it: this one is not told.
    await Session.collection.deleteOne({ _id: new UUID(sid) });
    expect((await other.get('/v1/users/me')).status).toBe(401);
  },
);

test('a host whose clock is wrong makes and reads keys of many users at once', async () => {
  for (const jump of [YEAR, -YEAR, 20 * MINUTE, -20 * MINUTE, 0])
    await withClockAhead(jump, async () => {
      const users = await Promise.all(times(8, () => given.user()));
      for (const { id } of users) dropCachedKeys(id);
      const answers = await Promise.all(users.map((user) => user.get('/v1/users/me')));
      expect(answers.map(({ status }) => status)).toEqual(times(8, () => 200));
    });
});

test('a host whose clock is wrong reads the keys of users, whose time S3 refuses at first', async () => {
  for (const jump of [YEAR, -YEAR, 20 * MINUTE, -20 * MINUTE, 0]) {
    await withClockAhead(jump, async () => {
      const user = await given.user();
      dropCachedKeys(user.id);
      expect((await user.get('/v1/users/me')).status).toBe(200);
      await user.signsIn();
    });
  }
});

test('a session ends 30 days after its sign-in by the clock of the database, on whatever host', async () => {
  const alice = await given.user();
  const ends = async () => {
    const [found] = await Session.collection
      .find({ user: new UUID(alice.id) })
      .sort({ _id: -1 })
      .toArray();
    return found?.expiresAt.getTime() as number;
  };
  await withClockAhead(-YEAR, () => alice.signsIn());
  expect(Math.abs((await ends()) - Date.now() - 30 * DAY)).toBeLessThan(MINUTE);
  const soon = { $set: { expiresAt: new Date(Date.now() + 5 * MINUTE) } };
  await Session.collection.updateMany({ user: new UUID(alice.id) }, soon);
  await withClockAhead(10 * MINUTE, async () => {
    expect((await alice.refreshes()).status).toBe(200);
    expect((await alice.get('/v1/users/me')).status).toBe(200);
  });
  const over = { $set: { expiresAt: new Date(Date.now() - 1000) } };
  await Session.collection.updateMany({ user: new UUID(alice.id) }, over);
  await withClockAhead(-10 * MINUTE, async () => {
    expect((await alice.refreshes()).status).toBe(401);
  });
});

test('an access token is good on a host whose clock is 30 s apart, and on none further away', () => {
  const [user, session] = [newId(Date.now()), newId(Date.now())];
  const ahead = (seconds: number) => ({ ...ctx(), clock: () => Date.now() + 1000 * seconds });
  for (const [seconds, is] of [
    [25, true],
    [40, false],
    [-600 - 25, true],
    [-600 - 40, false],
  ] as const) {
    const token = signAccessToken(ahead(seconds), user, session);
    expect(verifyAccessToken(ctx(), token) !== undefined, `${seconds} s`).toBe(is);
  }
});

test('an access token that was verified before is refused once it has expired', async () => {
  const [user, session] = [newId(Date.now()), newId(Date.now())];
  const token = signAccessToken(ctx(), user, session);
  const isGood = () => verifyAccessToken(ctx(), token) !== undefined;
  expect(isGood()).toBe(true);
  for (const [minutes, is] of [
    [10, true],
    [11, false],
    [20 * 24 * 60, false],
  ] as const) {
    await withClockAhead(minutes * MINUTE, async () => expect(isGood(), `${minutes}`).toBe(is));
  }
});

/** How many requests to append are on their way. */
async function requests(): Promise<number> {
  const { Attributes } = await callSqs<{ Attributes: Record<string, string> }>(
    process.env.SQS_ENDPOINT as string,
    'GetQueueAttributes',
    { QueueUrl: process.env.AUDIT_QUEUE_URL as string, AttributeNames: ['All'] },
  );
  const { ApproximateNumberOfMessages, ApproximateNumberOfMessagesDelayed } = Attributes;
  return Number(ApproximateNumberOfMessages) + Number(ApproximateNumberOfMessagesDelayed);
}

test('after a jump of a day or a year and back the audit chain is asked for again', async () => {
  for (const jump of [DAY, YEAR, -YEAR]) {
    passTime(MINUTE);
    await withClockAhead(jump, () => requestAppend(ctx()));
    const before = await requests();
    await requestAppend(ctx());
    await requestAppend(ctx());
    expect((await requests()) - before).toBe(1);
  }
});

test('ids that are made after a jump of a year and back are of today', async () => {
  await withClockAhead(YEAR, async () => newId(Date.now()));
  const id = newId(Date.now());
  expect(id.toString() < lowestIdAt(Date.now() + MINUTE).toString()).toBe(true);
});
