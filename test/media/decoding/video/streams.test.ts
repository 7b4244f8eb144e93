import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeLadder } from '../../../../src/services/media/video/ladder.ts';
import { openVideo } from '../../../../src/services/media/video/open.ts';
import { chooseOutputRate, toFramesPerSecond } from '../../../../src/services/media/video/rate.ts';
import {
  buildPreviewRendition,
  chooseRenditions,
} from '../../../../src/services/media/video/renditions.ts';
import { encodeSegment, encodeSound } from '../../../../src/services/media/video/segment-encode.ts';
import { joinLadder, joinSegments } from '../../../../src/services/media/video/segment-join.ts';
import { cutSegments } from '../../../../src/services/media/video/segment-plan.ts';
import { FFMPEG, type Studio, studio } from '../../../samples/audio.ts';
import { ENCODED, film, framesOf, processedVideo, seenByFfmpeg } from '../../../samples/videos.ts';

let made: Studio;
let clip: string;
beforeAll(async () => {
  made = await studio();
  const args = [...(ENCODED.h264 ?? []), '-g', '37', '-c:a', 'aac'];
  clip = await made.make('clip.mp4', ...film('864x486', 11, '30000/1001', 2), ...args);
});
afterAll(() => made[Symbol.asyncDispose]());

const signal = new AbortController().signal;

async function opened(path: string) {
  const workDir = await mkdtemp(join(tmpdir(), 'mixdown-stream-'));
  const { width, height } = await seenByFfmpeg(path);
  const shape = { width, height, hdr: null };
  const video = await openVideo({ path, workDir, ffmpeg: FFMPEG, signal, shape });
  return { workDir, video, [Symbol.asyncDispose]: () => rm(workDir, { recursive: true }) };
}

const keyTimes = (playlist: string) =>
  [...playlist.matchAll(/#EXTINF:([\d.]+)/g)].map(([, seconds]) => Number(seconds));

test('a stream has a rendition for every size up to its own, cut alike, and the sound once', async () => {
  await using place = await opened(clip);
  const percents: number[] = [];
  const stream = await makeLadder(place.video, (percent) => percents.push(percent));
  expect(stream.renditions).toMatchObject([
    { name: '480p', width: 852, height: 480, codecs: expect.stringMatching(/^avc1\.6400[12]/) },
    { name: '360p', width: 640, height: 360, codecs: expect.stringMatching(/^avc1\.6400/) },
  ]);
  expect(stream.audio).toMatchObject({ codecs: 'mp4a.40.2' });
  expect(stream.files.map(({ name }) => name)).toEqual([
    ...['480p.m4s', '480p.m3u8', '360p.m4s', '360p.m3u8', 'audio.m4s', 'audio.m3u8'],
    'master.m3u8',
  ]);
  const text = async (name: string) => readFile(join(place.workDir, name), 'utf8');
  const lengths = keyTimes(await text('480p.m3u8'));
  expect(keyTimes(await text('360p.m3u8'))).toEqual(lengths);
  expect(lengths.slice(0, 2)).toEqual([4.004, 4.004]);
  expect(await text('480p.m3u8')).toMatch(/#EXT-X-MAP:URI="480p.m4s",BYTERANGE=/);
  expect(await text('master.m3u8')).toContain('CODECS="avc1.');
  expect(percents.length).toBeGreaterThan(0);
  // As a player reads it: both renditions, from the first frame to the last, in time with the sound.
  const source = await framesOf(clip);
  for (const name of ['480p.m3u8', '360p.m3u8']) {
    const frames = await framesOf(join(place.workDir, name));
    expect(Math.abs(frames.length - source.length)).toBeLessThanOrEqual(1);
    expect(frames[0]).toBeCloseTo(0, 2);
  }
});

test('a video without sound, and one that is smaller than all sizes, have a stream, too', async () => {
  const path = await made.make('small.webm', ...film('160x120', 2), '-an', ...(ENCODED.vp8 ?? []));
  await using place = await opened(path);
  const stream = await makeLadder(place.video, () => {});
  expect(stream.audio).toBeNull();
  expect(stream.renditions).toMatchObject([{ name: '120p', width: 160, height: 120 }]);
});

test('an upright video has upright renditions', () => {
  const names = chooseRenditions({ width: 1080, height: 1920, hdr: null });
  expect(names.map(({ name, size }) => [name, size.width, size.height])).toEqual([
    ['1080p', 1080, 1920],
    ['720p', 720, 1280],
    ['480p', 480, 852],
    ['360p', 360, 640],
  ]);
});

test('pieces cover the whole without a gap, and each begins where a segment of the stream does', () => {
  for (const [frameRate, seconds] of [
    [25, 3600],
    [29.97, 601.3],
    [23.976, 14_400],
    [50, 7.7],
  ] as const) {
    const rate = chooseOutputRate(frameRate, false);
    const segments = cutSegments(seconds, 60_000, 2, rate);
    expect(segments[0]?.from).toBe(0);
    expect(segments.at(-1)).toMatchObject({ to: seconds, isLast: true });
    for (const [n, { from, to }] of segments.entries()) {
      expect(to - from).toBeLessThanOrEqual(60 * 2);
      expect(to).toBe(segments[n + 1]?.from ?? seconds);
      const frames = from * toFramesPerSecond(rate);
      expect(Math.abs(frames - Math.round(frames))).toBeLessThan(0.001);
    }
  }
});

test('a video that is encoded in pieces is what it would have been at once', async () => {
  await using place = await opened(clip);
  const { video, workDir } = place;
  const segments = cutSegments(video.seconds, 1000, 6, video.frameFormat.rate);
  expect(segments.length).toBe(3);
  const ladder = chooseRenditions(video.frameFormat.shape);
  const renditions = [buildPreviewRendition(video.frameFormat.shape), ...ladder];
  // In any order, as workers do.
  for (const number of [2, 0, 1]) {
    const segment = segments[number];
    if (segment) await encodeSegment(video, { segment, number, renditions }, () => {});
  }
  const { heard } = await encodeSound(video, () => {});
  expect(heard?.seconds).toBeCloseTo(11, 1);
  const { rate } = video.frameFormat;
  const join = { workDir, ffmpeg: FFMPEG, signal, segments, rate, hasSound: true };
  const preview = await joinSegments(join, renditions[0] as (typeof renditions)[0]);
  const brought: string[] = [];
  const taken: string[] = [];
  const stream = await joinLadder(join, ladder, {
    fetchRendition: async (rendition) => void brought.push(rendition),
    deliverFile: async ({ name }) => void taken.push(name),
  });
  expect(brought).toEqual(['480p', '360p']);
  const of = (name: string) => [`${name}.m4s`, `${name}.m3u8`];
  expect(taken).toEqual([...of('480p'), ...of('audio'), ...of('360p'), 'master.m3u8']);
  expect((await readdir(workDir)).filter((name) => /^\d+p-/.test(name))).toEqual([]);

  const atOnce = await processedVideo(clip);
  const whole = await made.write('whole.mp4', atOnce.files.preview ?? '');
  const [frames, expected] = await Promise.all([framesOf(preview.path), framesOf(whole)]);
  expect(Math.abs(frames.length - expected.length)).toBeLessThanOrEqual(1);
  const gaps = frames.slice(1).map((time, n) => time - (frames[n] ?? 0));
  expect(Math.max(...gaps)).toBeLessThan(0.035);
  const [seen, other] = await Promise.all([seenByFfmpeg(preview.path), seenByFfmpeg(whole)]);
  expect(Math.abs(seen.seconds - other.seconds)).toBeLessThan(0.05);
  expect(seen).toMatchObject({ width: other.width, height: other.height, audio: other.audio });
  expect((await readFile(preview.path)).indexOf('moov')).toBeLessThan(1000);
  expect(stream.renditions.map(({ name }) => name)).toEqual(['480p', '360p']);
  for (const { name } of stream.renditions) {
    const path = `${workDir}/${name}.m3u8`;
    expect(keyTimes(await readFile(path, 'utf8')).slice(0, 2)).toEqual([4.004, 4.004]);
    expect(Math.abs((await framesOf(path)).length - expected.length)).toBeLessThanOrEqual(1);
  }
});
