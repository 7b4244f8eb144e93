import '../harness/place.ts';
import { expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { UUID } from '../../src/data/ids.ts';
import { Image } from '../../src/models/media/image.ts';
import { Track } from '../../src/models/media/track.ts';
import { getSignedText, presignUrl } from '../../src/services/media/signed-texts.ts';
import { given, send } from '../harness/given.ts';
import { putObject } from '../harness/objects.ts';
import { place } from '../harness/place.ts';

place({ worker: false });

const MINUTE = 60_000;

/** For how many seconds S3 takes a link. */
const secondsOf = (url: string) => Number(new URL(url).searchParams.get('X-Amz-Expires'));
const isIn = (text: string, ms: number) =>
  expect(Math.abs(Date.parse(text) - Date.now() - ms)).toBeLessThan(MINUTE);

test('a link to a file is good for a quarter of an hour, and says so', async () => {
  const alice = await given.user();
  const { id } = await alice.track();
  await Track.collection.updateOne({ _id: new UUID(id) }, { $set: { status: 'READY' } });
  const { body } = await alice.get<{ url: string; expiresAt: string }>(`/v1/tracks/${id}/file`);
  expect(secondsOf(body.url)).toBe(900);
  isIn(body.expiresAt, 15 * MINUTE);
});

test('a link to upload by is good for an hour, and says so', async () => {
  const alice = await given.user();
  const { upload } = await alice.track();
  expect(secondsOf(upload.url)).toBe(3600);
  isIn(upload.expiresAt, 60 * MINUTE);
});

test('the links in a playlist are good for five hours from the hour in which they were signed', async () => {
  const now = Date.UTC(2026, 0, 2, 10, 30);
  const ctx = { ...systemCtx('test'), clock: () => now };
  const { endsAt } = await getSignedText(ctx, 'media/links', 'master.m3u8', (folder) =>
    putObject(`${folder}/master.m3u8`, presignUrl('media/links/1')),
  );
  expect(endsAt).toBe(Date.UTC(2026, 0, 2, 15));
  expect(secondsOf(presignUrl('media/links/1'))).toBe(5 * 3600);
});

test('an image that was never READY has no link to a render, whatever a worker shows of it', async () => {
  const alice = await given.user();
  const { id } = await alice.medium('images');
  const set = { status: 'PROCESSING', derivativesPath: 'media/shown' };
  await Image.collection.updateOne({ _id: new UUID(id) }, { $set: set });
  const refused = {
    status: 409,
    body: { code: 'INVALID_STATE', detail: 'The image is not READY.' },
  };
  expect(await alice.get(`/v1/images/${id}/render?width=10`)).toMatchObject(refused);
});

test('S3 takes exactly as many bytes as were declared, also without a checksum', async () => {
  const alice = await given.user();
  const { upload } = await alice.track({ size: 5 });
  for (const bytes of ['four', 'sixsix']) {
    const headers = { ...upload.headers, 'content-length': String(bytes.length) };
    expect((await send(upload, Buffer.from(bytes), headers)).status, bytes).toBe(403);
  }
  expect((await send(upload, Buffer.from('bytes'))).status).toBe(200);
});
