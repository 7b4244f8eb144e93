import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeLadder } from '../../../../src/services/media/video/ladder.ts';
import { openVideo } from '../../../../src/services/media/video/open.ts';
import { toFramesPerSecond } from '../../../../src/services/media/video/rate.ts';
import { buildPreviewRendition } from '../../../../src/services/media/video/renditions.ts';
import { encodeSegment, encodeSound } from '../../../../src/services/media/video/segment-encode.ts';
import { joinSegments } from '../../../../src/services/media/video/segment-join.ts';
import { cutSegments } from '../../../../src/services/media/video/segment-plan.ts';
import { FFMPEG, type Studio, studio } from '../../../samples/audio.ts';
import {
  ENCODED,
  framesOf,
  greyOf,
  processedVideo,
  seenByFfmpeg,
  silent,
} from '../../../samples/videos.ts';

// Pictures and sound that do not begin, or do not end, together.

let made: Studio;
beforeAll(async () => {
  made = await studio();
});
afterAll(() => made[Symbol.asyncDispose]());

/** Pictures that grow brighter, by 10 a second, from dark grey. */
const growing = (seconds: number, before: string[] = []) => [
  ...[...before, '-f', 'lavfi', '-i'],
  `color=s=160x90:r=25:d=${seconds},geq=lum='40+T*10':cb=128:cr=128`,
];
const tone = (seconds: number, before: string[] = []) => [
  ...[...before, '-f', 'lavfi', '-i', `sine=d=${seconds}:r=48000`],
];
const CODED = [...(ENCODED.h264 ?? []), '-c:a', 'aac'];

/** How bright the picture is that a player shows then. */
async function brightness(path: string, seconds: number): Promise<number> {
  const times = await framesOf(path);
  const shown = times.findLastIndex((time) => time <= seconds + 0.001);
  const only = ['-vf', `select='eq(n,${Math.max(0, shown)})'`, '-fps_mode', 'passthrough'];
  return (await greyOf(await made.make('at.png', '-i', path, ...only, '-frames:v', '1'))).mean;
}

/** Where the preview is to be how bright: what is shown then, of full range. */
const FULL = 255 / 219;
const bright = (seconds: number) => (40 + seconds * 10 - 16) * FULL;

interface Uneven {
  name: string;
  input: string[];
  seconds: number;
  /** When the pictures begin, and how long they last. */
  pictures: [number, number];
}
const LATE = ['-itsoffset', '3'];
const UNEVEN: Uneven[] = ['mp4', 'mkv'].flatMap((type) => [
  {
    name: `a song with a picture.${type}`,
    input: [...growing(0.04), ...tone(9)],
    ...{ seconds: 9, pictures: [0, 0.04] as [number, number] },
  },
  {
    name: `sound eight times as long.${type}`,
    input: [...growing(1), ...tone(8)],
    ...{ seconds: 8, pictures: [0, 1] as [number, number] },
  },
  {
    name: `sound that outlasts the picture.${type}`,
    input: [...growing(4), ...tone(9)],
    ...{ seconds: 9, pictures: [0, 4] as [number, number] },
  },
  {
    name: `sound that begins late.${type}`,
    input: [...growing(5), ...tone(5, LATE)],
    ...{ seconds: 8, pictures: [0, 5] as [number, number] },
  },
  {
    name: `pictures that begin late.${type}`,
    input: [...growing(5, LATE), ...tone(8)],
    ...{ seconds: 8, pictures: [3, 5] as [number, number] },
  },
  {
    name: `sound that ends first.${type}`,
    input: [...growing(8), ...tone(1)],
    ...{ seconds: 8, pictures: [0, 8] as [number, number] },
  },
]);

test.for(UNEVEN)('$name: it lasts as long as the longer, and nothing is cut off', async (one) => {
  const path = await made.make(one.name, ...one.input, ...CODED);
  const seen = await processedVideo(path);
  expect(seen.warnings).toEqual([]);
  const player = await seenByFfmpeg(path);
  expect(Math.abs(player.seconds - one.seconds)).toBeLessThan(0.05);
  expect(Math.abs(seen.facts.video.durationSeconds - player.seconds)).toBeLessThan(0.02);
  const preview = await made.write('uneven.mp4', seen.files.preview ?? '');
  expect(Math.abs((await seenByFfmpeg(preview)).seconds - one.seconds)).toBeLessThan(0.1);
  // The first picture is there from the beginning, the last one to the end.
  const frames = await framesOf(preview);
  expect(frames[0]).toBeCloseTo(0, 2);
  expect(frames.at(-1)).toBeGreaterThan(one.seconds - 0.1);
  const [from, lasting] = one.pictures;
  const last = bright(lasting - 0.04);
  for (const [at, grey] of [
    [0, bright(0)],
    [from + lasting / 2, bright(lasting / 2)],
    [one.seconds - 0.1, from + lasting > one.seconds - 0.2 ? bright(lasting - 0.12) : last],
  ] as const) {
    expect(Math.abs((await brightness(preview, at)) - grey), `at ${at}`).toBeLessThan(4);
  }
  const cues = String(seen.files.spriteMap).match(/sprite#xywh=\d+,\d+,\d+,\d+/g) ?? [];
  expect(Math.abs(cues.length - one.seconds)).toBeLessThanOrEqual(1);
  const [x, y, width, height] = (cues.at(-1)?.split('=')[1] ?? '').split(',');
  const sprite = await made.write('uneven.jpg', seen.files.sprite ?? '');
  const crop = ['-vf', `crop=${width}:${height}:${x}:${y}`];
  const tile = await greyOf(await made.make('tile.png', '-i', sprite, ...crop));
  expect(Math.abs(tile.mean - last)).toBeLessThan(8);
  expect(seen.derivatives.map(({ name }) => name)).toContain('poster');
});

test.for(['mp4', 'mkv'])(
  'what is really cut off is still found, whichever of both is longer: %s',
  async (type) => {
    const front = type === 'mp4' ? ['-movflags', '+faststart'] : [];
    // Its only picture comes first.
    const still = ['-tune', 'zerolatency', ...front];
    const song = await made.make(`song.${type}`, ...growing(0.04), ...tone(40), ...CODED, ...still);
    const film = await made.make(
      `film.${type}`,
      ...silent('320x180', 8),
      ...tone(12),
      ...CODED,
      ...front,
    );
    for (const path of [song, film]) {
      const bytes = await readFile(path);
      const cut = (part: number, name: string) =>
        made.write(`${name}.${type}`, bytes.subarray(0, Math.floor(bytes.length * part)));
      const half = await processedVideo(await cut(0.5, 'half'));
      expect(half.warnings).toEqual([expect.objectContaining({ code: 'CUT_OFF' })]);
      const whole = path === song ? 40 : 12;
      expect(half.facts.video.durationSeconds).toBeLessThan(whole * 0.8);
      const little = processedVideo(await cut(path === song ? 0.24 : 0.15, 'little'));
      await expect(little).rejects.toMatchObject({ code: 'CORRUPT_MEDIA' });
    }
  },
);

test.for(UNEVEN)('$name: in pieces, and as a stream, it is the same', async ({ name, input }) => {
  const path = await made.make(`pieces of ${name}`, ...input, ...CODED);
  const workDir = await mkdtemp(join(tmpdir(), 'mixdown-uneven-'));
  try {
    const { signal } = new AbortController();
    const { width, height } = await seenByFfmpeg(path);
    const shape = { width, height, hdr: null };
    const video = await openVideo({ path, workDir, ffmpeg: FFMPEG, signal, shape });
    const { rate } = video.frameFormat;
    const segments = cutSegments(video.shown, 1000, 3, rate);
    expect(segments.length).toBeGreaterThan(1);
    const renditions = [buildPreviewRendition(shape)];
    for (const [number, segment] of segments.entries()) {
      await encodeSegment(video, { segment, number, renditions }, () => {});
    }
    await encodeSound(video, () => {});
    const input = { workDir, ffmpeg: FFMPEG, signal, segments, rate, hasSound: true };
    const { path: preview } = await joinSegments(input, renditions[0] as (typeof renditions)[0]);
    const { files } = await processedVideo(path);
    const whole = await made.write('at-once.mp4', files.preview ?? '');
    expect((await framesOf(preview)).length).toBe((await framesOf(whole)).length);
    const [seen, other] = await Promise.all([seenByFfmpeg(preview), seenByFfmpeg(whole)]);
    expect(Math.abs(seen.seconds - other.seconds)).toBeLessThan(0.05);
    for (let at = 0.5; at < video.shown; at += 1) {
      const [one, same] = [await brightness(preview, at), await brightness(whole, at)];
      expect(Math.abs(one - same), `at ${at}`).toBeLessThan(3);
    }
    const stream = await makeLadder(video, () => {});
    const lasting = async (part = '') => {
      const text = await readFile(join(workDir, `${part}.m3u8`), 'utf8');
      const lengths = [...text.matchAll(/#EXTINF:([\d.]+)/g)].map(([, seconds]) => Number(seconds));
      return lengths.reduce((sum, seconds) => sum + seconds, 0);
    };
    const frame = 1 / toFramesPerSecond(rate);
    expect(Math.abs((await lasting(stream.renditions[0]?.name)) - video.shown)).toBeLessThan(frame);
  } finally {
    await rm(workDir, { recursive: true });
  }
});

test.each(['mkv', 'webm'])(
  'a piece of a recording that keeps its place in it is whole: %s',
  async (type) => {
    const coded =
      type === 'mkv' ? CODED : ['-c:v', 'libvpx', '-deadline', 'realtime', '-c:a', 'libopus'];
    const args = [...growing(2), ...tone(2), ...coded, '-output_ts_offset', '60'];
    const { facts, warnings } = await processedVideo(await made.make(`late.${type}`, ...args));
    expect(facts.video.durationSeconds).toBeCloseTo(2, 0);
    expect(warnings).toEqual([]);
  },
);
