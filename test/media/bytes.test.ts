import '../harness/place.ts';
import { createHash } from 'node:crypto';
import { beforeEach, expect, test } from 'vitest';
import { Job } from '../../src/models/jobs/job.ts';
import { deleteUnder } from '../../src/providers/s3.ts';
import { type Doc, given, type Person, type Track as TrackDoc } from '../harness/given.ts';
import { putObject } from '../harness/objects.ts';
import { place } from '../harness/place.ts';
import { arrived, BYTES, tells, whole, works } from '../harness/processing.ts';

place({ worker: false });

const NEWER = '0055AED6DCD90281F0';
/** As many as those, and others. */
const OTHERS = BYTES.toString().toUpperCase();

// Whoever claims, claims from all there are: a test begins with none.
beforeEach(async () => {
  await Job.collection.deleteMany({});
});

const read = async (person: Person, { id }: TrackDoc) =>
  (await person.get<TrackDoc>(`/v1/tracks/${id}`)).body;
const jobsOf = async (person: Person) =>
  (await person.get<{ data: Doc[] }>('/v1/jobs?limit=100')).body.data;
const overwrite = (track: TrackDoc, bytes: string) => putObject(track.filePath as string, bytes);

test.each([
  ['another size', `${OTHERS}!`, 'SIZE_MISMATCH'],
  ['another checksum', OTHERS, 'CHECKSUM_MISMATCH'],
])('bytes of %s than was declared are refused, however they came', async (_what, bytes, code) => {
  const alice = await given.user();
  const checksum = createHash('sha256').update(BYTES).digest('base64');
  const track = await alice.track({ size: BYTES.length, checksum });
  await overwrite(track, bytes);
  await tells(track);
  await works(whole);
  expect(await read(alice, track)).toMatchObject({ status: 'FAILED', error: { code } });
});

test('bytes that were replaced while a job waited for them are not processed by it', async () => {
  const alice = await given.user();
  const track = await arrived(alice);
  await overwrite(track, OTHERS);
  await works(whole);
  expect((await read(alice, track)).status).toBe('PROCESSING');
  expect(await jobsOf(alice)).toMatchObject([
    { status: 'COMPLETED', result: { superseded: true } },
  ]);
  await tells(track, NEWER);
  await works(whole);
  expect((await read(alice, track)).status).toBe('READY');
});

test('what was found in bytes that were replaced meanwhile is not shown', async () => {
  const alice = await given.user();
  const track = await arrived(alice);
  await works(async (input) => {
    await overwrite(track, OTHERS);
    await tells(track, NEWER);
    return whole(input);
  });
  expect((await read(alice, track)).status).toBe('PROCESSING');
  await works(whole);
  const checksum = createHash('sha256').update(OTHERS).digest('base64');
  expect(await read(alice, track)).toMatchObject({ status: 'READY', checksum });
});

test('a medium whose file is gone does not stay READY', async () => {
  const alice = await given.user();
  const track = await arrived(alice);
  await works(whole);
  await deleteUnder(track.filePath as string);
  expect((await alice.post(`/v1/tracks/${track.id}/reprocess`)).status).toBe(202);
  await works(whole);
  const gone = { status: 'FAILED', error: { code: 'MISSING_FILE' } };
  expect(await read(alice, track)).toMatchObject(gone);
});

test('a job that is started anew leaves a medium alone that has other bytes by now', async () => {
  const alice = await given.user();
  const track = await arrived(alice);
  const gives = async (what: 'cancel' | 'retry', job?: Doc) =>
    (await alice.post(`/v1/jobs/${job?.id}/${what}`)).status;
  const [first] = await jobsOf(alice);
  expect(await gives('cancel', first)).toBe(200);
  await overwrite(track, OTHERS);
  await tells(track, NEWER);
  expect(await gives('cancel', (await jobsOf(alice))[0])).toBe(200);
  expect(await gives('retry', first)).toBe(202);
  const cancelled = { status: 'FAILED', error: { code: 'CANCELLED' } };
  expect(await read(alice, track)).toMatchObject(cancelled);
  await works(whole);
  expect((await alice.get(`/v1/jobs/${first?.id}`)).body.status).toBe('COMPLETED');
  expect(await read(alice, track)).toMatchObject(cancelled);
});
