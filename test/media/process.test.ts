import '../harness/place.ts';
import { beforeEach, expect, test } from 'vitest';
import { UUID } from '../../src/data/ids.ts';
import { Job } from '../../src/models/jobs/job.ts';
import { Track } from '../../src/models/media/track.ts';
import { LEASE } from '../../src/services/jobs/claim.ts';
import { MediaError } from '../../src/services/media/media-error.ts';
import type { MediaProcessor, ProcessorInput } from '../../src/services/media/processor.ts';
import { given, type Person, type Track as TrackDoc } from '../harness/given.ts';
import { keysOf } from '../harness/objects.ts';
import { place } from '../harness/place.ts';
import { arrived, makes, probed, processed, whole, works } from '../harness/processing.ts';

place({ worker: false });

// Whoever claims, claims from all there are: a test begins with none.
beforeEach(async () => {
  await Job.collection.deleteMany({});
});

const now = async (person: Person, { id }: TrackDoc) =>
  (await person.get<TrackDoc>(`/v1/tracks/${id}`)).body;
const linkTo = (person: Person, { id }: TrackDoc, name: string) =>
  person.get<{ url: string }>(`/v1/tracks/${id}/derivatives/${name}`);
const statuses = ({ derivatives }: TrackDoc) =>
  Object.fromEntries((derivatives ?? []).map((d) => [d.name, d.status]));

type Stale = (
  input: ProcessorInput,
  overtake: (process: MediaProcessor) => Promise<unknown>,
) => ReturnType<MediaProcessor>;

/**
 * Runs one job in a worker whose lease runs out as it calls `overtake`, which has another one do the job. On a slow
 * machine its heartbeat tells it that the job is lost, and it ends before the other: both are waited for.
 */
async function worksStale(stale: Stale): Promise<void> {
  const others: Promise<unknown>[] = [];
  const overtake = (process: MediaProcessor) => {
    const other = works(process, LEASE + 60_000);
    others.push(other);
    return other;
  };
  await works((input) => stale(input, overtake));
  await Promise.all(others);
}

test('a derivative is there to be read as soon as it is made, while others are not yet', async () => {
  const alice = await given.user();
  const track = await arrived(alice);
  let seen: TrackDoc | undefined;
  await works(async (input) => {
    await input.onProbed({ ...probed, facts: processed.facts });
    expect(statuses(await now(alice, track))).toEqual({ waveform: 'PENDING', cover: 'PENDING' });
    await makes(input, 'waveform', '{}');
    seen = await now(alice, track);
    const { body } = await linkTo(alice, track, 'waveform');
    expect(await (await fetch(body.url)).text()).toBe('{}');
    expect(await linkTo(alice, track, 'cover')).toMatchObject({
      status: 409,
      body: { code: 'INVALID_STATE' },
    });
    expect((await linkTo(alice, track, 'preview')).status).toBe(404);
    await makes(input, 'cover');
    return { ...processed, warnings: [] };
  });
  expect(seen).toMatchObject({ status: 'PROCESSING', audio: processed.facts.audio });
  expect(statuses(seen as TrackDoc)).toEqual({ waveform: 'READY', cover: 'PENDING' });
  const done = await now(alice, track);
  expect(done).toMatchObject({ status: 'READY', derivatives: [{ size: 2 }, { size: 5 }] });
});

test('an optional derivative that fails leaves a warning, a mandatory one fails the medium', async () => {
  const alice = await given.user();
  const [one, two] = [await arrived(alice), await arrived(alice)];
  await works(whole);
  await works(async (input) => {
    await input.onProbed(probed);
    await makes(input, 'cover');
    throw new MediaError('CORRUPT_MEDIA', 'There is no sound in it.');
  });
  const ready = [await now(alice, one), await now(alice, two)].find((t) => t.status === 'READY');
  expect(ready).toMatchObject({
    warnings: [{ code: 'COVER_OMITTED', message: expect.stringContaining('cover') }],
  });
  expect(statuses(ready as TrackDoc)).toEqual({ waveform: 'READY' });
  const failed = [await now(alice, one), await now(alice, two)].find((t) => t.status === 'FAILED');
  expect(failed).toMatchObject({ error: { code: 'CORRUPT_MEDIA' } });
});

test('a file that no worker has room for says so, and is kept', async () => {
  const alice = await given.user();
  const track = await arrived(alice);
  const set = { size: 8_000_000_001 };
  await Track.collection.updateOne({ _id: new UUID(track.id) }, { $set: set });
  await works(whole);
  const failed = await now(alice, track);
  expect(failed).toMatchObject({ status: 'FAILED', error: { code: 'TOO_LARGE' } });
  expect(await keysOf(alice, track)).toEqual(['original']);
});

test('READY is refused to a medium without a mandatory derivative', async () => {
  const alice = await given.user();
  const track = await arrived(alice);
  await works(async (input) => {
    await input.onProbed(probed);
    return { ...processed, warnings: [] };
  });
  // It is our fault, so it is tried again.
  expect(await now(alice, track)).toMatchObject({ status: 'PROCESSING' });
  await works(whole, 60_000);
  expect(await now(alice, track)).toMatchObject({ status: 'READY' });
});

test('nothing of a stale worker is shown, and nothing of it stays', async () => {
  const alice = await given.user();
  const track = await arrived(alice);
  await worksStale(async (input, overtake) => {
    await input.onProbed(probed);
    await overtake(whole);
    await makes(input, 'waveform', 'stale');
    await makes(input, 'cover', 'stale');
    return { ...processed, warnings: [] };
  });
  const done = await now(alice, track);
  expect(done).toMatchObject({ status: 'READY', derivatives: [{ name: 'waveform', size: 8 }] });
  const { body } = await linkTo(alice, track, 'waveform');
  expect(await (await fetch(body.url)).text()).toBe('waveform');
  expect(await keysOf(alice, track)).toHaveLength(2);
});

test('a stale worker shows nothing while another one works', async () => {
  const alice = await given.user();
  const track = await arrived(alice);
  let seen: TrackDoc | undefined;
  await worksStale(async (stale, overtake) => {
    await stale.onProbed(probed);
    const another: MediaProcessor = async (input) => {
      await input.onProbed(probed);
      // It may know by now that it has lost the job, and then makes nothing.
      await makes(stale, 'waveform', 'stale').catch(() => undefined);
      seen = await now(alice, track);
      return whole(input);
    };
    await overtake(another);
    return { ...processed, warnings: [] };
  });
  expect(statuses(seen as TrackDoc)).toEqual({ waveform: 'PENDING', cover: 'PENDING' });
  expect(await now(alice, track)).toMatchObject({ status: 'READY', derivatives: [{ size: 8 }] });
});

test('what was READY stays as it is while it is processed once more, and when that fails', async () => {
  const alice = await given.user();
  const track = await arrived(alice);
  await works(whole);
  const before = await now(alice, track);
  expect((await alice.post(`/v1/tracks/${track.id}/reprocess`)).status).toBe(202);
  let seen: TrackDoc | undefined;
  await works(async (input) => {
    await input.onProbed(probed);
    await makes(input, 'waveform', 'new');
    seen = await now(alice, track);
    const { body } = await linkTo(alice, track, 'waveform');
    expect(await (await fetch(body.url)).text()).toBe('waveform');
    throw new MediaError('TOO_COMPLEX', 'Not by this version.');
  });
  expect(seen).toMatchObject({ status: 'PROCESSING', derivatives: before.derivatives });
  const { status, derivatives, audio } = before;
  const after = await now(alice, track);
  expect(after).toMatchObject({ status, derivatives, audio });
  expect(after).not.toHaveProperty('error');
  const { body } = await alice.get<{ data: { error?: object }[] }>('/v1/jobs?status=FAILED');
  expect(body.data).toMatchObject([{ error: { code: 'TOO_COMPLEX' } }]);
});

test('what a former processing made is gone once the new one is READY', async () => {
  const alice = await given.user();
  const track = await arrived(alice);
  await works(whole);
  const before = await keysOf(alice, track);
  expect((await alice.post(`/v1/tracks/${track.id}/reprocess`)).status).toBe(202);
  await works(whole);
  const after = await keysOf(alice, track);
  expect(after).toHaveLength(before.length);
  expect(after.filter((key) => before.includes(key))).toEqual(['original']);
});
