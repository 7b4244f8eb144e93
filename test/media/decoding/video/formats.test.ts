import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Studio, studio } from '../../../samples/audio.ts';
import {
  ENCODED,
  film,
  framesOf,
  greyOf,
  processedVideo,
  seenByFfmpeg,
  silent,
} from '../../../samples/videos.ts';

let made: Studio;
beforeAll(async () => {
  made = await studio();
});
afterAll(() => made[Symbol.asyncDispose]());

const MP4 = 'video/mp4';
const MOV = 'video/quicktime';
const WEBM = 'video/webm';
const MKV = 'video/x-matroska';
/** Container by name of the file, picture, sound. */
const FORMATS: [string, string, string, string | null, string][] = [
  ['h264-aac.mp4', MP4, 'h264', 'aac', 'aac'],
  ['h264-mp3.mp4', MP4, 'h264', 'libmp3lame', 'mp3'],
  ['h264-pcm.mov', MOV, 'h264', 'pcm_s16le', 'pcm_s16le'],
  ['h264-alac.mov', MOV, 'h264', 'alac', 'alac'],
  ['hevc-aac.mp4', MP4, 'hevc', 'aac', 'aac'],
  ['hevc-ac3.mkv', MKV, 'hevc', 'ac3', 'ac3'],
  ['vp8-vorbis.webm', WEBM, 'vp8', 'libvorbis', 'vorbis'],
  ['vp9-opus.webm', WEBM, 'vp9', 'libopus', 'opus'],
  ['vp9-opus.mp4', MP4, 'vp9', 'libopus', 'opus'],
  ['vp9-flac.mkv', MKV, 'vp9', 'flac', 'flac'],
  ['av1-opus.webm', WEBM, 'av1', 'libopus', 'opus'],
  ['av1-aac.mp4', MP4, 'av1', 'aac', 'aac'],
  ['mpeg4-mp3.mp4', MP4, 'mpeg4', 'libmp3lame', 'mp3'],
  ['mpeg4-pcm.mkv', MKV, 'mpeg4', 'pcm_s16le', 'pcm'],
  ['prores-pcm.mov', MOV, 'prores', 'pcm_s24le', 'pcm_s24'],
  ['mjpeg.mov', MOV, 'mjpeg', null, ''],
  ['h264.mkv', MKV, 'h264', null, ''],
];

test.for(FORMATS)(
  '%s is a video, with facts as an independent reader has them',
  async ([name, type, video, encoder, sound]) => {
    const args = [...(ENCODED[video] ?? []), ...(encoder ? ['-c:a', encoder] : ['-an'])];
    const path = await made.make(name, ...film(), ...args, '-strict', '-2');
    const [seen, other] = await Promise.all([processedVideo(path), seenByFfmpeg(path)]);
    expect(seen).toMatchObject({
      contentType: type,
      warnings: [],
      facts: {
        video: {
          ...{ codec: video, width: 320, height: 180, rotation: 0 },
          ...{ hasAudio: encoder !== null, variableFrameRate: false, hdr: false },
          pixelFormat: other.pixelFormat,
        },
      },
    });
    expect(other).toMatchObject({ codec: video, width: 320, height: 180 });
    expect(seen.facts.video.frameRate).toBeCloseTo(other.frameRate, 1);
    expect(Math.abs(seen.facts.video.durationSeconds - other.seconds)).toBeLessThan(0.05);
    expect(seen.probed.facts.video).toMatchObject({ codec: video, width: 320, height: 180 });
    const names = ['poster', 'thumbnail', 'sprite', 'spriteMap', 'preview'];
    const all = encoder ? [...names, 'waveform'] : names;
    expect(seen.derivatives.map((file) => file.name)).toEqual(all);
    expect(seen.probed.derivatives.map((file) => file.name)).toEqual(all);
    if (encoder) {
      expect(seen.facts.audio).toMatchObject({ codec: sound, sampleRate: 48_000, channels: 1 });
      expect(seen.facts.loudness?.integratedLufs).toBeCloseTo(-21.8, 0);
      expect(JSON.parse(String(seen.files.waveform))).toMatchObject({ version: 2, channels: 1 });
    } else expect(seen.facts).not.toHaveProperty('audio');
    expect(seen.progress[0]).toBe(0);
    expect(seen.progress.at(-1)).toBe(100);
    expect(seen.progress).toEqual([...new Set(seen.progress)].sort((a, b) => a - b));
  },
);

test('the preview is H.264 and AAC in MP4, its index in front, of even sides and 720p at most', async () => {
  const args = [...(ENCODED.h264 ?? []), '-c:a', 'pcm_s16le'];
  const path = await made.make('large.mov', ...film('2000x1100', 1, '50', 2), ...args);
  const { files, derivatives } = await processedVideo(path);
  const preview = await made.write('preview.mp4', files.preview ?? '');
  expect(files.preview?.indexOf('moov')).toBeLessThan(files.preview?.indexOf('mdat') ?? 0);
  const seen = await seenByFfmpeg(preview);
  expect(seen).toMatchObject({ codec: 'h264', pixelFormat: 'yuv420p', frameRate: 50 });
  expect(seen.audio).toMatchObject({ codec: 'aac', sampleRate: 48_000, channels: 2 });
  expect([seen.width, seen.height]).toEqual([1280, 704]);
  const sizes = derivatives.map(({ name, width, height }) => [name, width, height]);
  expect(sizes).toContainEqual(['preview', 1280, 704]);
  expect(sizes).toContainEqual(['poster', 1280, 704]);
  expect(sizes).toContainEqual(['thumbnail', 320, 176]);
  expect(await framesOf(preview)).toHaveLength(50);
});

test.for([90, 180, 270])(
  'a video turned by %d degrees is shown upright, in both containers',
  async (turn) => {
    const plain = await made.make(`plain-${turn}.mp4`, ...silent(), ...(ENCODED.h264 ?? []));
    for (const type of ['mp4', 'mov', 'mkv']) {
      const args = ['-display_rotation', String(-turn), '-i', plain, '-c', 'copy'];
      const path = await made.make(`turned-${turn}.${type}`, ...args);
      const { facts, derivatives, files } = await processedVideo(path);
      const [width, height] = turn === 180 ? [320, 180] : [180, 320];
      expect(facts.video).toMatchObject({ rotation: turn, width, height });
      expect(derivatives.find(({ name }) => name === 'poster')).toMatchObject({ width, height });
      const preview = await seenByFfmpeg(await made.write('turned.mp4', files.preview ?? ''));
      expect(preview).toMatchObject({ width, height, rotation: 0 });
    }
  },
);

const GREY_DIFFERENCE = '[0]format=gray[a];[1]format=gray[b];[a][b]blend=all_mode=difference';

test.for([
  ['-display_hflip', 0],
  ['-display_vflip', 0],
  ['-display_rotation 90 -display_hflip', 270],
] as const)(
  'a video mirrored by %s is no video turned about, and is shown as players show it',
  async ([options, rotation]) => {
    const plain = await made.make('plain.mp4', ...silent(), ...(ENCODED.h264 ?? []));
    for (const type of ['mp4', 'mkv']) {
      const path = made.path(`mirrored.${type}`);
      await made.make(`mirrored.${type}`, ...options.split(' '), '-i', plain, '-c', 'copy');
      const { facts, files } = await processedVideo(path);
      const [width, height] = rotation === 0 ? [320, 180] : [180, 320];
      expect(facts.video).toMatchObject({ rotation, width, height });
      const preview = await made.write('mirrored-preview.mp4', files.preview ?? '');
      expect(await seenByFfmpeg(preview)).toMatchObject({ width, height, rotation: 0 });
      // What plain ffmpeg shows of it, but for what encoding costs.
      const diff = ['-i', path, '-i', preview, '-filter_complex', GREY_DIFFERENCE];
      expect(
        (await greyOf(await made.make('diff.png', ...diff, '-frames:v', '1'))).mean,
      ).toBeLessThan(6);
    }
  },
);

test.for(['mp4', 'mkv'])(
  'pictures that stand for 5 and for 10 seconds vary, and end where a player ends: %s',
  async (type) => {
    const slides = "setpts='if(eq(N,0),0,if(eq(N,1),5,15))/TB'";
    const args = ['-vf', slides, '-fps_mode', 'vfr', '-c:v', 'libx264', '-pix_fmt', 'yuv420p'];
    // Frames out of order, whose last one seems to stand as long as the longest.
    const path = await made.make(`slides.${type}`, ...silent('160x90', 0.12), ...args);
    const { facts, files, warnings } = await processedVideo(path);
    const other = await seenByFfmpeg(path);
    expect(other.seconds).toBeCloseTo(15.04, 2);
    expect(facts.video.durationSeconds).toBeCloseTo(15.04, 2);
    expect(facts.video.variableFrameRate).toBe(true);
    expect(warnings).toEqual([]);
    const preview = await seenByFfmpeg(await made.write('slides.mp4', files.preview ?? ''));
    expect(Math.abs(preview.seconds - 15.04)).toBeLessThan(0.05);
  },
);

test('a profile of colours of the file’s own is in nothing that is made of it', async () => {
  const picture = await sharp(Buffer.alloc(160 * 90 * 3, 'colour'), {
    raw: { width: 160, height: 90, channels: 3 },
  })
    .withIccProfile('p3')
    .jpeg()
    .toBuffer();
  const still = await made.write('profile.jpg', picture);
  const path = await made.make('profile.mov', '-loop', '1', '-i', still, '-t', '1', '-c', 'copy');
  expect((await readFile(path)).includes('acsp')).toBe(true);
  const { files } = await processedVideo(path);
  for (const [name, bytes] of Object.entries(files)) {
    expect(bytes.includes('acsp'), name).toBe(false);
  }
});

test('a tone that is too short for a range of loudness has none, and a longer one has 0', async () => {
  for (const [seconds, rangeLu] of [
    [3, undefined],
    [4.9, undefined],
    [6, 0],
  ] as const) {
    const path = await made.make('tone.mp4', ...film('64x36', seconds), '-c:a', 'aac');
    const { facts } = await processedVideo(path);
    expect(facts.loudness?.rangeLu).toBe(rangeLu);
    expect(facts.loudness?.integratedLufs).toBeCloseTo(-21.8, 0);
  }
});

test('a variable frame rate is told, and even in the preview', async () => {
  const drop = ['-vf', "select='lt(n,25)+not(mod(n,3))'", '-fps_mode', 'vfr'];
  for (const name of ['vfr.mp4', 'vfr.webm']) {
    const codec = ENCODED[name === 'vfr.mp4' ? 'h264' : 'vp8'] ?? [];
    const path = await made.make(name, ...silent('160x90', 3), ...drop, ...codec);
    const { facts, files } = await processedVideo(path);
    expect(facts.video.variableFrameRate).toBe(true);
    const times = await framesOf(await made.write('even.mp4', files.preview ?? ''));
    const gaps = times.slice(1).map((time, n) => time - (times[n] ?? 0));
    expect(Math.max(...gaps) - Math.min(...gaps)).toBeLessThan(0.001);
  }
});

test('odd sides, pixels that are not square, and 4:4:4 end in an ordinary preview', async () => {
  const format = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv444p'];
  const args = ['-vf', 'scale=321:243,setsar=4/3', ...format];
  const path = await made.make('odd.mp4', ...silent('640x480', 1), ...args);
  const { facts, files } = await processedVideo(path);
  expect(facts.video).toMatchObject({ width: 428, height: 243, pixelFormat: 'yuv444p' });
  const preview = await seenByFfmpeg(await made.write('odd-preview.mp4', files.preview ?? ''));
  expect(preview).toMatchObject({ width: 428, height: 242, pixelFormat: 'yuv420p' });
});

const HDR: [string, string, string][] = [
  ['PQ', 'smpte2084', 'mp4'],
  ['PQ', 'smpte2084', 'mkv'],
  ['HLG', 'arib-std-b67', 'mov'],
];
test.for(HDR)('%s (%s in %s) is told, and shown in an ordinary range', async ([, curve, type]) => {
  const params = `log-level=none:colorprim=bt2020:transfer=${curve}:colormatrix=bt2020nc`;
  const args = ['-pix_fmt', 'yuv420p10le', '-c:v', 'libx265', '-preset', 'ultrafast'];
  const tags = ['-tag:v', 'hvc1', '-x265-params', params];
  const path = await made.make(
    `hdr-${curve}.${type}`,
    ...silent('160x90', 1),
    ...args,
    ...(type === 'mkv' ? tags.slice(2) : tags),
  );
  const { facts, files } = await processedVideo(path);
  expect(facts.video).toMatchObject({ hdr: true, pixelFormat: 'yuv420p10le' });
  const preview = await made.write('sdr.mp4', files.preview ?? '');
  const again = await processedVideo(preview);
  expect(again.facts.video).toMatchObject({ hdr: false, pixelFormat: 'yuv420p' });
  expect((await greyOf(preview)).deviation).toBeGreaterThan(20);
});

test('fragments, a live recording and a single frame are ordinary videos', async () => {
  const x264 = [...(ENCODED.h264 ?? []), '-g', '10', '-c:a', 'aac'];
  const pieces = ['-movflags', '+frag_keyframe+empty_moov+default_base_moof'];
  const fragmented = await made.make('fragmented.mp4', ...film(), ...x264, ...pieces);
  const live = ['-f', 'matroska', '-live', '1'];
  const recording = await made.make('live.mkv', ...film(), ...x264, ...live);
  for (const path of [fragmented, recording]) {
    const { facts, warnings } = await processedVideo(path);
    expect(facts.video.durationSeconds).toBeCloseTo(2, 1);
    expect(facts.video).toMatchObject({ frameRate: 25, variableFrameRate: false });
    expect(warnings).toEqual([]);
  }
  const one = await made.make('one.mp4', ...silent(), '-frames:v', '1', ...(ENCODED.h264 ?? []));
  const { facts, files } = await processedVideo(one);
  expect(facts.video).toMatchObject({ durationSeconds: 0.04, variableFrameRate: false });
  expect(await framesOf(await made.write('one-preview.mp4', files.preview ?? ''))).toHaveLength(1);
});

test('the poster of a video that begins black, or blank, is neither', async () => {
  for (const color of ['black', 'white']) {
    const start = ['-f', 'lavfi', '-i', `color=${color}:s=320x180:r=25:d=3`];
    const joined = ['-filter_complex', '[0][1]concat=n=2', ...(ENCODED.h264 ?? [])];
    // A single keyframe, and it is a bad one.
    const path = await made.make(`${color}.mp4`, ...start, ...silent(), ...joined, '-g', '1000');
    const { files } = await processedVideo(path);
    const grey = await greyOf(await made.write(`${color}.jpg`, files.poster ?? ''));
    expect(grey.deviation).toBeGreaterThan(20);
    expect(grey.mean).toBeGreaterThan(30);
    expect(grey.mean).toBeLessThan(230);
  }
});

test('one that is black from end to end has a black poster', async () => {
  const black = ['-f', 'lavfi', '-i', 'color=black:s=160x90:r=25:d=1'];
  const path = await made.make('night.mp4', ...black, ...(ENCODED.h264 ?? []));
  expect((await processedVideo(path)).derivatives[0]?.name).toBe('poster');
});

test('sound of another kind is left out with a warning, and so is broken sound', async () => {
  const args = [...(ENCODED.h264 ?? []), '-c:a', 'wmav2'];
  const { facts, warnings, derivatives } = await processedVideo(
    await made.make('wma.mkv', ...film(), ...args),
  );
  expect(facts.video.hasAudio).toBe(true);
  expect(warnings).toEqual([expect.objectContaining({ code: 'SOUND_UNSUPPORTED' })]);
  expect(derivatives.map(({ name }) => name)).not.toContain('waveform');
});
