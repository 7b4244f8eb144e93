import '../harness/place.ts';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { given } from '../harness/given.ts';
import { type Studio, studio } from '../media/audio.ts';

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
    expect((await got.arrayBuffer()).byteLength, name).toBe(size);
  }
  const { body } = await alice.get<{ url: string }>(`/v1/videos/${video.id}/derivatives/preview`);
  const part = await fetch(body.url, { headers: { range: 'bytes=4-7' } });
  expect([part.status, await part.text()]).toEqual([206, 'ftyp']);
});

test('a file without a picture is no video', async () => {
  const alice = await given.user();
  const path = await made.make('sound.mp4', ...['-f', 'lavfi', '-i', 'sine=d=1', '-c:a', 'aac']);
  const sent = await alice.uploads(await readFile(path), MP4, 'videos');
  const failed = await alice.waitsFor(sent, 'FAILED', 60_000, 'videos');
  expect(failed).toMatchObject({ error: { code: 'NO_VIDEO' } });
});
