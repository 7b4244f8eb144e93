import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  loudnessOf,
  noise,
  processed,
  type Studio,
  samplesOf,
  studio,
} from '../../samples/audio.ts';

let made: Studio;
/** Six seconds of two different sweeps, so that left and right, early and late are told apart. */
const STEREO = 'aevalsrc=0.5*sin(2*PI*(200+60*t)*t)|0.25*sin(2*PI*(900-50*t)*t):s=44100:d=6';
const source = (rate = 44_100) => ['-f', 'lavfi', '-i', STEREO.replace('44100', String(rate))];

beforeAll(async () => {
  made = await studio();
});
afterAll(() => made[Symbol.asyncDispose]());

const FORMATS: [string, string[], string, string, boolean][] = [
  ['cbr.mp3', ['-b:a', '128k'], 'audio/mpeg', 'mp3', false],
  ['vbr.mp3', ['-q:a', '4'], 'audio/mpeg', 'mp3', false],
  ['vbr-without-header.mp3', ['-q:a', '4', '-write_xing', '0'], 'audio/mpeg', 'mp3', false],
  ['8.wav', ['-c:a', 'pcm_u8'], 'audio/wav', 'pcm_u8', true],
  ['16.wav', ['-c:a', 'pcm_s16le'], 'audio/wav', 'pcm_s16le', true],
  ['24.wav', ['-c:a', 'pcm_s24le'], 'audio/wav', 'pcm_s24le', true],
  ['32.wav', ['-c:a', 'pcm_s32le'], 'audio/wav', 'pcm_s32le', true],
  ['float.wav', ['-c:a', 'pcm_f32le'], 'audio/wav', 'pcm_f32le', true],
  ['rf64.wav', ['-c:a', 'pcm_s16le', '-rf64', 'always'], 'audio/wav', 'pcm_s16le', true],
  ['16.aiff', [], 'audio/aiff', 'pcm_s16be', true],
  ['24.aiff', ['-c:a', 'pcm_s24be'], 'audio/aiff', 'pcm_s24be', true],
  ['sowt.aiff', ['-c:a', 'pcm_s16le'], 'audio/aiff', 'pcm_s16le', true],
  ['float.aiff', ['-c:a', 'pcm_f32be'], 'audio/aiff', 'pcm_f32be', true],
  ['16.flac', [], 'audio/flac', 'flac', true],
  ['24.flac', ['-sample_fmt', 's32'], 'audio/flac', 'flac', true],
  ['vorbis.ogg', ['-c:a', 'libvorbis'], 'audio/ogg', 'vorbis', false],
  ['opus.opus', ['-c:a', 'libopus'], 'audio/ogg', 'opus', false],
  ['aac.m4a', ['-c:a', 'aac'], 'audio/mp4', 'aac', false],
  ['faststart.m4a', ['-c:a', 'aac', '-movflags', '+faststart'], 'audio/mp4', 'aac', false],
  [
    'fragmented.mp4',
    ['-c:a', 'aac', '-movflags', '+frag_keyframe+empty_moov'],
    'audio/mp4',
    'aac',
    false,
  ],
  ['alac.m4a', ['-c:a', 'alac'], 'audio/mp4', 'alac', true],
  ['adts.aac', ['-c:a', 'aac'], 'audio/aac', 'aac', false],
];

test.for(FORMATS)(
  '%s is a track, with facts as an independent decode has them',
  async ([name, args, type, codec, lossless]) => {
    const path = await made.make(name, ...source(), ...args);
    const [facts, samples, loudness] = await Promise.all([
      processed(path),
      samplesOf(path),
      loudnessOf(path),
    ]);
    expect(facts).toMatchObject({
      contentType: type,
      audio: { codec, lossless, channels: 2 },
      warnings: [],
    });
    const rate = codec === 'opus' ? 48_000 : 44_100;
    expect(facts.audio.sampleRate).toBe(rate);
    expect(Math.abs(facts.audio.durationSeconds - samples.length / 2 / rate)).toBeLessThan(0.05);
    const size = (await readFile(path)).length;
    expect(facts.audio.bitRate / ((size * 8) / facts.audio.durationSeconds)).toBeCloseTo(1, 1);
    const { integratedLufs, truePeakDbtp } = facts.analysis.loudness;
    expect(Math.abs((integratedLufs ?? 0) - loudness.lufs)).toBeLessThan(0.5);
    expect(Math.abs((truePeakDbtp ?? 0) - loudness.peak)).toBeLessThan(0.5);
    expectSameWaveform(JSON.parse(String(facts.files.waveform)), samples, 2, rate);
    expect(facts.progress[0]).toBe(0);
    expect(facts.progress.at(-1)).toBe(100);
    expect(facts.progress).toEqual([...new Set(facts.progress)].sort((a, b) => a - b));
  },
);

test('the preview is AAC in M4A with its index in front, stereo, of 48 kHz at most, as long as the track', async () => {
  const path = await made.make('hi-res.flac', ...source(96_000));
  const facts = await processed(path);
  expect(facts.audio).toMatchObject({ sampleRate: 96_000, channels: 2 });
  const preview = await made.write('preview.m4a', facts.files.preview ?? '');
  expect(facts.files.preview?.indexOf('moov')).toBeLessThan(
    facts.files.preview?.indexOf('mdat') ?? 0,
  );
  const again = await processed(preview);
  expect(again).toMatchObject({ contentType: 'audio/mp4', audio: { codec: 'aac', channels: 2 } });
  expect(again.audio.sampleRate).toBeLessThanOrEqual(48_000);
  expect(again.audio.durationSeconds).toBeCloseTo(facts.audio.durationSeconds, 1);
});

test('mono stays mono, and six channels are counted but shown as two', async () => {
  const mono = await made.make('mono.flac', '-f', 'lavfi', '-i', 'sine=d=6');
  const six = await made.make(
    'six.wav',
    '-f',
    'lavfi',
    '-i',
    'sine=d=6',
    '-af',
    'pan=5.1|c0=c0|c4=c0',
  );
  expect(JSON.parse(String((await processed(mono)).files.waveform)).channels).toBe(1);
  const facts = await processed(six);
  expect(facts.audio.channels).toBe(6);
  expect(JSON.parse(String(facts.files.waveform)).channels).toBe(2);
});

test('an MP3 with a large cover in front, padding, and garbage behind is an ordinary track', async () => {
  await made.make(
    'big.png',
    '-f',
    'lavfi',
    '-i',
    'nullsrc=s=900x700,geq=random(1)*255:128:128',
    '-frames:v',
    '1',
  );
  const withCover = await made.make(
    'cover.mp3',
    ...[...source(), '-i', made.path('big.png'), '-map', '0:a', '-map', '1:v', '-c:v', 'copy'],
    ...['-disposition:v', 'attached_pic', '-b:a', '128k'],
  );
  const path = await made.write(
    'tail.mp3',
    Buffer.concat([await readFile(withCover), noise(50_000)]),
  );
  const facts = await processed(path);
  expect(facts.audio.durationSeconds).toBeCloseTo(6, 0);
  expect(facts.audio.bitRate).toBeLessThan(200_000);
  const cover = facts.derivatives.find(({ name }) => name === 'cover');
  expect(cover).toMatchObject({ contentType: 'image/jpeg', width: 900, height: 700 });
  expect(facts.files.cover?.subarray(0, 3).toString('hex')).toBe('ffd8ff');
});

test('a cover is at most 1000 pixels a side, in its own proportion', async () => {
  await made.make('wide.jpg', '-f', 'lavfi', '-i', 'testsrc2=s=2400x1200', '-frames:v', '1');
  const path = await made.make(
    'cover.flac',
    ...[...source(), '-i', made.path('wide.jpg'), '-map', '0:a', '-map', '1:v', '-c:v', 'copy'],
    ...['-disposition:v', 'attached_pic'],
  );
  const cover = (await processed(path)).derivatives.find(({ name }) => name === 'cover');
  expect(cover).toMatchObject({ width: 1000, height: 500 });
});

const TAGS = [
  'title=Ca\u0301fé\u0007 song',
  'artist=Ann',
  'album=First',
  'genre=Jazz',
  'date=1999',
  'track=3/12',
];

test.for(['tags.mp3', 'tags.flac', 'tags.ogg', 'tags.m4a', 'tags.opus'])(
  'the tags of %s are read and cleaned',
  async (name) => {
    const path = await made.make(
      name,
      ...source(),
      ...TAGS.flatMap((tag) => ['-metadata', tag]),
      ...['-metadata', `comment=${'x'.repeat(5000)}`],
    );
    const { metadata } = await processed(path);
    expect(metadata).toMatchObject({
      title: 'Cáfé song',
      artist: 'Ann',
      album: 'First',
      genre: 'Jazz',
      year: 1999,
      trackNumber: 3,
    });
    // ffmpeg writes an MP3's comment as a text of its own making, which is none to others.
    if (name !== 'tags.mp3') expect(metadata.comment).toHaveLength(1000);
  },
);

interface Waveform {
  version: number;
  channels: number;
  sample_rate: number;
  samples_per_pixel: number;
  bits: number;
  length: number;
  data: number[];
}

function expectSameWaveform(
  found: Waveform,
  samples: Int16Array,
  channels: number,
  rate: number,
): void {
  const per = Math.round(rate / 20);
  const frames = samples.length / channels;
  const length = Math.ceil(frames / per);
  const head = { version: 2, channels, sample_rate: rate, samples_per_pixel: per, bits: 8, length };
  expect(found).toMatchObject(head);
  expect(found.data).toHaveLength(length * channels * 2);
  let worst = 0;
  for (let pixel = 0; pixel < length; pixel++) {
    for (let channel = 0; channel < channels; channel++) {
      let [min, max] = [32_767, -32_768];
      for (let frame = pixel * per; frame < Math.min(frames, (pixel + 1) * per); frame++) {
        const value = samples[frame * channels + channel] ?? 0;
        min = Math.min(min, value);
        max = Math.max(max, value);
      }
      const at = (pixel * channels + channel) * 2;
      worst = Math.max(
        worst,
        Math.abs((found.data[at] ?? 99) - min / 256),
        Math.abs((found.data[at + 1] ?? 99) - max / 256),
      );
    }
  }
  expect(worst).toBeLessThanOrEqual(1);
}
