import '../harness/place.ts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { handler } from '../../functions/media-uploaded.ts';
import { newId, UUID } from '../../src/data/ids.ts';
import { Job } from '../../src/models/jobs/job.ts';
import { Track } from '../../src/models/media/track.ts';
import { deleteUnder, headObject } from '../../src/providers/s3.ts';
import { type Doc, given, type Track as TrackAnswer } from '../harness/given.ts';
import { invocation, s3Event, s3Record } from '../harness/invocations.ts';
import { putObject } from '../harness/objects.ts';
import { place } from '../harness/place.ts';
import { times } from '../harness/times.ts';

place({ worker: false });

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

test('a record delivered five times, mixed with an older one, starts one processing job', async () => {
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

test('a key is decoded as S3 encodes it, in events of any minor version and with either prefix', async () => {
  const alice = await given.user();
  const variants: ((track: TrackAnswer) => Parameters<typeof s3Record>)[] = [
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

test('a record of an unknown object is skipped, and the others of its event are handled', async () => {
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
  expect(await headObject(track.filePath as string)).not.toBeNull();
  const records = [...foreign.map((key) => s3Record(key)), s3Record(track.filePath as string)];
  await handler(s3Event(...records), invocation());
  expect(await jobsOf(track)).toBe(1);
});

test('the test event that S3 sends when notifications are set up is ignored', async () => {
  const setUp = { Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'b', RequestId: 'r' };
  await expect(handler(setUp as object, invocation())).resolves.toBeUndefined();
});

test('a record of an object that does not exist starts nothing', async () => {
  const alice = await given.user();
  const track = await alice.track();
  await handler(s3Event(s3Record(track.filePath as string)), invocation());
  expect((await alice.get(`/v1/tracks/${track.id}`)).body.status).toBe('AWAITING_UPLOAD');
  expect(await jobsOf(track)).toBe(0);
});

test('an event of another shape fails, so that it is not lost without notice', async () => {
  const alice = await given.user();
  const track = await alice.uploads(BYTES);
  const bucket = { name: process.env.MEDIA_BUCKET };
  const object = { key: track.filePath, size: 1, etag: 'e', sequencer: '00' };
  // As EventBridge would send it: its key is not encoded, and its names are others.
  const bridged = { source: 'aws.s3', 'detail-type': 'Object Created', detail: { bucket, object } };
  for (const event of [bridged, {}, { Records: 'all' }]) {
    await expect(handler(event as object, invocation())).rejects.toThrow(
      'no S3 event notification',
    );
  }
  expect(await jobsOf(track)).toBe(0);
});

test('the record of a removal changes nothing, before or after that of the upload', async () => {
  const alice = await given.user();
  for (const isFirst of [true, false]) {
    const track = await alice.uploads(BYTES);
    const key = track.filePath as string;
    const older = s3Record(key, { sequencer: '0055AED6DCD90281' });
    const removed = s3Record(key, {
      eventName: 'ObjectRemoved:Delete',
      sequencer: '0055AED6DCD90282',
    });
    await deleteUnder(key);
    const events = isFirst ? [removed, older] : [older, removed];
    for (const record of events) await handler(s3Event(record), invocation());
    expect((await alice.get(`/v1/tracks/${track.id}`)).body.status).toBe('AWAITING_UPLOAD');
    expect(await jobsOf(track)).toBe(0);
  }
});

test('a sequencer is compared as if the shorter one ended in zeros', async () => {
  const alice = await given.user();
  const sequence = ['0055AED6DCD90281', '0055AED6DCD90281E5', '0055aed6dcd90282', '0055AED6DCD903'];
  for (let newer = 1; newer < sequence.length; newer++) {
    const [before, after] = [sequence[newer - 1], sequence[newer]] as [string, string];
    const track = await alice.uploads(BYTES);
    const key = track.filePath as string;
    const tell = (sequencer: string) =>
      handler(s3Event(s3Record(key, { sequencer })), invocation());
    await tell(before);
    await putObject(key, 'other bytes');
    await tell(`${before}00`); // the same as before, written longer
    expect(await jobsOf(track)).toBe(1);
    await tell(after);
    expect(await jobsOf(track)).toBe(2);
    await putObject(key, 'bytes again');
    await tell(before);
    expect(await jobsOf(track)).toBe(2);
  }
});

/** What happens to one key: it is written anew, or one of the writes so far is told of. */
const history = fc.array(
  fc.oneof(
    { weight: 1, arbitrary: fc.constant('write' as const) },
    { weight: 3, arbitrary: fc.nat(7) },
  ),
  { minLength: 3, maxLength: 14 },
);

test('whatever the order and number of records, the last bytes are processed, once', async () => {
  const alice = await given.user();
  await fc.assert(
    fc.asyncProperty(history, fc.nat(), async (steps, seed) => {
      const track = await alice.uploads(BYTES);
      const key = track.filePath as string;
      let writes = 1;
      // Some are longer than others, as those of S3 are.
      const tell = (n: number) => {
        const sequencer = `0055AED6DCD9${String(n).padStart(4, '0')}${n % 3 ? '' : '00E5'}`;
        return handler(s3Event(s3Record(key, { sequencer })), invocation());
      };
      for (const step of steps) {
        if (step === 'write') await putObject(key, `bytes of write ${writes++}`);
        else await tell(step % writes);
      }
      // In the end each write has been told three times.
      const all = times(3, () => times(writes, (n) => n)).flat();
      for (const n of shuffled(all, seed)) await tell(n);
      const found = await headObject(key);
      const _id = new UUID(track.id);
      const { object } = (await Track.collection.findOne({ _id })) as unknown as Stored;
      expect(object.etag).toBe(found?.etag);
      const last = { 'input.document': _id, 'input.etag': found?.etag };
      expect(await Job.collection.countDocuments(last)).toBe(1);
    }),
    { numRuns: 25 },
  );
});

interface Stored {
  object: { etag: string };
}

test('bytes that lie where no medium of their owner is do not stay, and say nothing of another’s', async () => {
  const alice = await given.user();
  const track = await alice.uploads(BYTES);
  const key = `media/${newId(Date.now())}/tracks/${track.id}/original`;
  await putObject(key, 'bytes of somebody else');
  await handler(s3Event(s3Record(key)), invocation());
  expect(await headObject(key)).toBeNull();
  expect(await headObject(track.filePath as string)).not.toBeNull();
  expect(await jobsOf(track)).toBe(0);
});

test('bytes that were found before S3 told of them are processed once', async () => {
  const alice = await given.user();
  const track = await alice.uploads(BYTES);
  const key = track.filePath as string;
  for (const sequencer of ['', '0055AED6DCD90281E5', '0055AED6DCD90281E6']) {
    await handler(s3Event(s3Record(key, { sequencer })), invocation());
    expect(await jobsOf(track)).toBe(1);
  }
});
