import { vi } from 'vitest';

vi.hoisted(() => {
  process.env.TEST_WORKER = 'off';
});

import '../harness/place.ts';
import { expect, test } from 'vitest';
import { handler } from '../../functions/media-uploaded.ts';
import { newId, UUID } from '../../src/data/ids.ts';
import { Job } from '../../src/models/system/job.ts';
import { head } from '../../src/providers/s3.ts';
import { type Doc, given, type Track } from '../harness/given.ts';
import { invocation, s3Event, s3Record } from '../harness/invocations.ts';
import { times } from '../harness/times.ts';

const BYTES = Buffer.from('bytes that somebody sent');

const jobsOf = (track: Doc) =>
  Job.collection.countDocuments({ 'input.document': new UUID(track.id) });

/** The records in an order that the seed gives. */
function shuffled<T>(items: T[], seed: number): T[] {
  let state = seed;
  const keyed = items.map((item) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return { item, state };
  });
  return keyed.sort((a, b) => a.state - b.state).map((k) => k.item);
}

test('a record five times, shuffled with an older one, starts one processing', async () => {
  const seed = Date.now() % 1000;
  for (let round = 0; round < 5; round++) {
    const alice = await given.user();
    const track = await alice.uploads(BYTES);
    const key = track.filePath as string;
    const records = [
      ...times(5, () => s3Record(key, { sequencer: '0055AED6DCD90281E5' })),
      s3Record(key, { sequencer: '0055AED6DCD90281' }),
    ];
    const events = shuffled(records, seed + round);
    if (round % 2) await Promise.all(events.map((r) => handler(s3Event(r), invocation())));
    else await handler(s3Event(...events), invocation());
    expect((await alice.get(`/v1/tracks/${track.id}`)).body.status).toBe('PROCESSING');
    expect(await jobsOf(track), `seed ${seed + round}`).toBe(1);
  }
});

test('a key is read as S3 writes it, and an event of any minor version and either prefix', async () => {
  const alice = await given.user();
  const variants: ((track: Track) => Parameters<typeof s3Record>)[] = [
    ({ filePath }) => [encodeURIComponent(filePath as string)],
    ({ filePath }) => [filePath as string, { eventName: 's3:ObjectCreated:Put' }],
    ({ filePath }) => [
      filePath as string,
      { eventName: 'ObjectCreated:CompleteMultipartUpload', eventVersion: '2.1' },
    ],
    ({ filePath }) => [filePath as string, { sequencer: '' }],
  ];
  for (const variant of variants) {
    const track = await alice.uploads(BYTES);
    await handler(s3Event(s3Record(...variant(track))), invocation());
    expect(await jobsOf(track)).toBe(1);
  }
});

test('what is no upload of ours is passed over, and spoils nothing that comes with it', async () => {
  const alice = await given.user();
  const track = await alice.uploads(BYTES);
  const folder = (track.filePath as string).replace('/original', '');
  const foreign = [
    'media/a+b%2Bc%25d/original',
    'media/100%/original',
    'media/%E0%A4%A/original',
    `${folder}/derivatives/1/waveform`,
    `${folder}/original/original`,
    `media/${alice.id}/projects/${track.project}/original`,
    `media/${alice.id}/nonsense/${newId(Date.now())}/original`,
    `media/${newId(Date.now())}/tracks/${track.id}/original`,
    'original',
    '',
  ];
  const removed = s3Record(track.filePath as string, { eventName: 'ObjectRemoved:Delete' });
  await handler(s3Event(...foreign.map((key) => s3Record(key)), removed), invocation());
  expect(await jobsOf(track)).toBe(0);
  expect(await head(track.filePath as string)).not.toBeNull();
  const records = [...foreign.map((key) => s3Record(key)), s3Record(track.filePath as string)];
  await handler(s3Event(...records), invocation());
  expect(await jobsOf(track)).toBe(1);
});

test('the event that S3 sends when it is set up is nothing', async () => {
  const setUp = { Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'b', RequestId: 'r' };
  await expect(handler(setUp as object, invocation())).resolves.toBeUndefined();
});

test('a record of bytes that are not there starts nothing', async () => {
  const alice = await given.user();
  const track = await alice.track();
  await handler(s3Event(s3Record(track.filePath as string)), invocation());
  expect((await alice.get(`/v1/tracks/${track.id}`)).body.status).toBe('AWAITING_UPLOAD');
  expect(await jobsOf(track)).toBe(0);
});
