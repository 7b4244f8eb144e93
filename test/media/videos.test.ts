import '../harness/place.ts';
import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Doc, given, send, type Track, type Upload } from '../harness/given.ts';
import { until } from '../harness/until.ts';
import { type Studio, studio } from '../samples/audio.ts';

let made: Studio;
beforeAll(async () => {
  made = await studio();
});
afterAll(() => made[Symbol.asyncDispose]());

const CLIP = ['-f', 'lavfi', '-i', 'testsrc2=s=320x240:r=25:d=2', '-f', 'lavfi', '-i', 'sine=d=2'];
const MP4 = { fileName: 'clip.mp4', contentType: 'video/mp4' };

test('a video becomes READY with its facts, and with what is shown and played of it', async () => {
  const alice = await given.user();
  const path = await made.make('clip.mp4', ...CLIP, '-pix_fmt', 'yuv420p', '-shortest');
  const sent = await alice.uploads(await readFile(path), MP4, 'videos');
  const video = await alice.waitsFor(sent, 'READY', 60_000, 'videos');
  expect(video).toMatchObject({
    progress: 100,
    video: { width: 320, height: 240, frameRate: 25, codec: 'h264', rotation: 0, hasAudio: true },
  });
  const types = Object.fromEntries((video.derivatives ?? []).map((d) => [d.name, d.contentType]));
  expect(types).toEqual({
    poster: 'image/jpeg',
    thumbnail: 'image/jpeg',
    sprite: 'image/jpeg',
    spriteMap: 'text/vtt',
    preview: 'video/mp4',
    waveform: 'application/json',
  });
  for (const { name, size } of video.derivatives ?? []) {
    const link = await alice.get<{ url: string }>(`/v1/videos/${video.id}/derivatives/${name}`);
    const got = await fetch(link.body.url);
    const bytes = (await got.arrayBuffer()).byteLength;
    // Of the map what is served is longer than what is stored: its addresses are signed.
    if (name !== 'spriteMap') expect(bytes, name).toBe(size);
  }
  const { body } = await alice.get<{ url: string }>(`/v1/videos/${video.id}/derivatives/preview`);
  const part = await fetch(body.url, { headers: { range: 'bytes=4-7' } });
  expect([part.status, await part.text()]).toEqual([206, 'ftyp']);
});

test('the map of a sprite is followed from its link as it is, by any player', async () => {
  const alice = await given.user();
  const path = await made.make('map.mp4', ...CLIP, '-pix_fmt', 'yuv420p', '-shortest');
  const sent = await alice.uploads(await readFile(path), MP4, 'videos');
  const video = await alice.waitsFor(sent, 'READY', 60_000, 'videos');
  const follows = async (base: string) => {
    const { status, body } = await alice.get<{ url: string }>(`${base}/derivatives/spriteMap`);
    expect(status).toBe(200);
    const got = await fetch(body.url);
    expect(got.headers.get('content-type')).toBe('text/vtt');
    const map = await got.text();
    const cues = [...map.matchAll(/^\d\d:\d\d:\d\d\.\d{3} --> .*\n(\S+)$/gm)];
    expect(map).toMatch(/^WEBVTT\n/);
    expect(cues).toHaveLength(2);
    const tiles = cues.map(([, address = '']) => new URL(address, body.url));
    expect(tiles.map(({ hash }) => hash)).toEqual(['#xywh=0,0,160,120', '#xywh=160,0,160,120']);
    for (const tile of tiles) {
      const sprite = await fetch(tile);
      expect([sprite.status, sprite.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
      const { width, height } = await sharp(await sprite.arrayBuffer()).metadata();
      expect([width, height]).toEqual([320, 120]);
    }
    return tiles[0]?.pathname;
  };
  const first = await follows(`/v1/videos/${video.id}`);
  expect(await follows(`/v1/videos/${video.id}`)).toBe(first);
  // Once it is a former version, it is followed there.
  const bytes = await readFile(await made.make('other.mp4', ...CLIP, '-shortest', '-t', '1.9'));
  const file = { ...MP4, size: bytes.length };
  const version = await alice.post<Doc & { upload: Upload }>(
    `/v1/videos/${video.id}/replace`,
    file,
  );
  await send(version.body.upload, bytes);
  await until('it is replaced', async () => {
    const { body } = await alice.get<Track>(`/v1/videos/${video.id}`);
    return body.size === bytes.length && body.status === 'READY';
  });
  expect(await follows(`/v1/versions/${version.body.id}`)).toBe(first);
  expect(await follows(`/v1/videos/${video.id}`)).not.toBe(first);
});

test('a file without a picture is no video', async () => {
  const alice = await given.user();
  const path = await made.make('sound.mp4', ...['-f', 'lavfi', '-i', 'sine=d=1', '-c:a', 'aac']);
  const sent = await alice.uploads(await readFile(path), MP4, 'videos');
  const failed = await alice.waitsFor(sent, 'FAILED', 60_000, 'videos');
  expect(failed).toMatchObject({ error: { code: 'NO_VIDEO' } });
});
