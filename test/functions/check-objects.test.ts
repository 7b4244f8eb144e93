import { vi } from 'vitest';

vi.hoisted(() => {
  process.env.TEST_WORKER = 'off';
});

import '../harness/place.ts';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { handler } from '../../functions/check-objects.ts';
import { systemCtx } from '../../src/context.ts';
import { newId, UUID } from '../../src/data/ids.ts';
import { Track } from '../../src/models/studio/track.ts';
import { deleteUnder, head, keysUnder } from '../../src/providers/s3.ts';
import { upload } from '../../src/providers/upload.ts';
import { checkObjects } from '../../src/services/check-objects.ts';
import { given, type Person, type Track as TrackDoc } from '../harness/given.ts';
import { invocation } from '../harness/invocations.ts';

const BYTES = Buffer.from('bytes of a song');
const checks = (dryRun: boolean, grace = 0) =>
  checkObjects(systemCtx('test'), { dryRun, grace, timeLeft: () => 60_000 });
const everything = async () => {
  const keys: string[] = [];
  for await (const page of keysUnder('media/')) keys.push(...page);
  return keys;
};

async function puts(...keys: string[]): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'mixdown-objects-'));
  const path = join(folder, 'object');
  await writeFile(path, 'x');
  const file = { path, size: 1, contentType: 'text/plain' };
  for (const key of keys) await upload(key, file, new AbortController().signal);
  await rm(folder, { recursive: true });
  return keys;
}

/** A READY track with derivatives, as a worker leaves it. */
async function ready(person: Person): Promise<{ track: TrackDoc; folder: string; keys: string[] }> {
  const track = await person.uploads(BYTES);
  const folder = `media/${person.id}/tracks/${track.id}`;
  const derivativesPath = `${folder}/derivatives/1`;
  const set = { status: 'READY', derivativesPath };
  await Track.collection.updateOne({ _id: new UUID(track.id) }, { $set: set });
  const made = await puts(`${derivativesPath}/waveform`);
  return { track, folder, keys: [track.filePath as string, ...made] };
}

test('objects that no document knows go, all others stay, and a dry run only tells', async () => {
  const alice = await given.user();
  const [one, two, trashed] = [await ready(alice), await ready(alice), await ready(alice)];
  expect((await alice.delete(`/v1/tracks/${trashed.track.id}`)).status).toBe(204);
  const awaited = await alice.track({ size: 5 });
  const known = [one, two, trashed].flatMap(({ keys }) => keys);
  // What is being made has no document that knows of it yet.
  const making = await puts(`media/${alice.id}/tracks/${awaited.id}/derivatives/9/preview`);
  const gone = newId(Date.now());
  const orphans = await puts(
    `media/${alice.id}/tracks/${gone}/original`,
    `media/${alice.id}/tracks/${gone}/derivatives/1/preview`,
    `media/${alice.id}/nothing/${gone}/original`,
    'media/what/is/this',
    `${one.folder}/derivatives/0/waveform`,
    `${one.folder}/derivatives/10/waveform`,
    `${one.folder}/other`,
  );
  const dry = await checks(true);
  expect(dry).toMatchObject({ dryRun: true, missing: { count: 0 } });
  expect(dry.orphans.examples.toSorted()).toEqual(orphans.toSorted());
  expect((await everything()).length).toBe(known.length + making.length + orphans.length);
  // Too young, for all that this one knows.
  expect((await handler({}, invocation())).orphans.count).toBe(0);

  const done = await checks(false);
  expect(done.orphans).toMatchObject({ count: orphans.length, bytes: orphans.length });
  expect((await everything()).toSorted()).toEqual([...known, ...making].toSorted());
  expect(await checks(false)).toMatchObject({ orphans: { count: 0 }, missing: { count: 0 } });
});

test('a READY medium whose bytes are gone says so', async () => {
  const alice = await given.user();
  const { track, folder } = await ready(alice);
  const kept = await ready(alice);
  await deleteUnder(`${folder}/`);
  expect(await checks(true)).toMatchObject({
    missing: { count: 1, examples: [`Track ${track.id}`] },
  });
  const read = async (id: string) => (await alice.get<TrackDoc>(`/v1/tracks/${id}`)).body;
  expect((await read(track.id)).status).toBe('READY');
  expect(await checks(false)).toMatchObject({ missing: { count: 1 } });
  expect(await read(track.id)).toMatchObject({
    status: 'FAILED',
    error: { code: 'MISSING_FILE' },
  });
  expect((await read(kept.track.id)).status).toBe('READY');
  expect(await head(kept.track.filePath as string)).not.toBeNull();
});

test('out of time it says that it has not seen all', async () => {
  const how = { dryRun: true, timeLeft: () => 0 };
  await puts(`media/${newId(Date.now())}/tracks/${newId(Date.now())}/original`);
  expect(await checkObjects(systemCtx('test'), how)).toMatchObject({ unfinished: true });
});
