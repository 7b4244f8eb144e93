import '../harness/place.ts';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { handler } from '../../functions/verify-audit.ts';
import { systemCtx } from '../../src/context.ts';
import { AuditEvent } from '../../src/models/audit/audit-event.ts';
import { getClient } from '../../src/providers/s3-client.ts';
import { checkpointWhenDue, makeCheckpoint } from '../../src/services/audit/checkpoints.ts';
import { verifyAudit } from '../../src/services/audit/verify.ts';
import { adminCollection } from '../harness/admin.ts';
import { passTime } from '../harness/clocks.ts';
import { readDatabaseTime } from '../harness/database-time.ts';
import { invocation } from '../harness/invocations.ts';
import { place } from '../harness/place.ts';
import { times } from '../harness/times.ts';
import { appendEventsOf, ctxAhead, subjectIn } from './make-events.ts';

place({ worker: false });

// One story: what is stored here cannot be taken away again.
const CHAIN = 5;
const MINUTE = 60_000;
const ctx = systemCtx('test');
const user = subjectIn(CHAIN);
const Bucket = process.env.AUDIT_BUCKET as string;
const s3 = await getClient();
const messages = async (aheadMs = 0) =>
  (await verifyAudit(ctxAhead(aheadMs))).faults.map((fault) => fault.message);
const listed = async () => {
  const found = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: 'checkpoints/' }));
  const all = [...(found.Versions ?? []), ...(found.DeleteMarkers ?? [])];
  return all.toSorted((a, b) => ((a.Key as string) < (b.Key as string) ? -1 : 1));
};
const read = async (Key: string) =>
  (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();
const cut = (sequence: number) =>
  adminCollection(AuditEvent).deleteMany({ chain: CHAIN, sequence: { $gt: sequence } });

test('an entry that is in no checkpoint after a quarter of an hour is a fault', async () => {
  await appendEventsOf(user, 10);
  expect(await messages()).toEqual([]);
  // Entries have the time of this host, checkpoints that of the database.
  const apart = Math.abs(Date.now() - (await readDatabaseTime()));
  expect(await messages(16 * MINUTE + apart)).toEqual([
    expect.stringMatching(/it is of .* in no check/),
  ]);
});

test('a checkpoint is made when the last one is five minutes old, and not before', async () => {
  await makeCheckpoint(ctx);
  await checkpointWhenDue(ctx);
  expect(await listed()).toHaveLength(1);
  // It asks S3 again when the next one is due, and so does a process that has only looked.
  passTime(6 * MINUTE);
  for (const _ of times(3, () => 0)) await checkpointWhenDue(ctxAhead(6 * MINUTE));
  expect(await listed()).toHaveLength(2);
  expect(await verifyAudit(ctx)).toMatchObject({ entries: 10, covered: 10, checkpoints: 2 });
  expect(await messages()).toEqual([]);
});

test('several processes make checkpoints at once, and each that is stored verifies', async () => {
  await appendEventsOf(user, 5, 11);
  await Promise.all(times(3, () => makeCheckpoint(ctx)));
  expect((await listed()).length).toBeGreaterThan(1);
  expect(await messages()).toEqual([]);
  expect(await verifyAudit(ctx)).toMatchObject({ entries: 15, covered: 15 });
});

test('a log that was cut gets no checkpoint, unless it is said to be restored from a backup', async () => {
  const before = (await listed()).length;
  await cut(12);
  await expect(makeCheckpoint(ctx)).rejects.toThrow(/Entry 15 of chain 5, .* is not in the audit/);
  expect(await listed()).toHaveLength(before);
  expect(await messages()).toEqual([expect.stringMatching(/13 to 15 are missing/)]);
  await makeCheckpoint(ctx, undefined, true);
  expect(await messages()).toEqual([]);
});

test('an old checkpoint that was put back is named, and the later one still tells of what was cut', async () => {
  await appendEventsOf(user, 5, 13);
  const last = (await makeCheckpoint(ctx))?.name as string;
  const [{ Key: first } = {}] = await listed();
  const { VersionId } = (await listed()).at(-1) ?? {};
  // Nobody may take it away, but anybody may write over it.
  await expect(
    s3.send(new DeleteObjectCommand({ Bucket, Key: last, VersionId })),
  ).rejects.toThrow();
  const Body = await read(first as string);
  await s3.send(new PutObjectCommand({ Bucket, Key: last, Body }));
  await cut(15);
  expect(await messages()).toEqual([
    expect.stringMatching(`Checkpoint ${last} was overwritten at `),
    expect.stringMatching(/16 to 17 are missing/),
  ]);
});

test('one that was written without the key is named, and tells nothing', async () => {
  const [{ Key: first } = {}] = await listed();
  const text = JSON.parse((await read(first as string)) as string);
  const name = `checkpoints/${new Date(Date.now() + MINUTE).toISOString()}.json`;
  const checkpoint = {
    ...text.checkpoint,
    name,
    at: new Date().toISOString(),
    previous: undefined,
  };
  const Body = JSON.stringify({ ...text, checkpoint });
  await s3.send(new PutObjectCommand({ Bucket, Key: name, Body }));
  expect(await messages()).toContain(`Checkpoint ${name} is not as it was written.`);
});

test('one that was deleted, and one that is none of ours, are named', async () => {
  const [{ Key: first } = {}] = await listed();
  const Body = await read(first as string);
  await s3.send(new DeleteObjectCommand({ Bucket, Key: first }));
  const forged = 'checkpoints/2999-01-01T00:00:00.000Z.json';
  await s3.send(new PutObjectCommand({ Bucket, Key: forged, Body }));
  expect(await messages()).toEqual(
    expect.arrayContaining([
      expect.stringMatching(`Checkpoint ${first} was deleted at `),
      `Checkpoint ${forged} is not as it was written.`,
    ]),
  );
});

test('the nightly run fails when anything is named, which raises the alarm', async () => {
  await expect(handler({}, invocation())).rejects.toThrow('not as it was written');
});
