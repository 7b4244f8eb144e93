import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loudnessOf, processed, type Studio, studio } from '../../samples/audio.ts';
import { id3, withSize } from '../../samples/cases.ts';

// Recordings as phones, browsers, pipes and old programs write them.

let made: Studio;
let mp3: Buffer;
const tone = ['-f', 'lavfi', '-i', 'sine=d=2:r=44100,volume=0.5', '-ac', '2'];
beforeAll(async () => {
  made = await studio();
  mp3 = await readFile(
    await made.make('plain.mp3', ...tone, '-c:a', 'libmp3lame', '-id3v2_version', '0'),
  );
});
afterAll(() => made[Symbol.asyncDispose]());

const tagged = async (tag: Buffer) =>
  (await processed(await made.write('tagged.mp3', Buffer.concat([tag, mp3])))) as Awaited<
    ReturnType<typeof processed>
  >;

test.for([0x7ffff000, 0x7fffffff, 0x80000000, 0x7ffffff0, 1_000_000_000, 0xffffffff, 0])(
  'a WAV that was written to a pipe, with the size %i, is read to its end',
  async (size) => {
    const plain = await made.make('pipe.wav', ...tone, '-bitexact');
    const bytes = await withSize(plain, { 4: (size + 36) >>> 0, 40: size });
    const { audio, warnings } = await processed(await made.write('pipe.wav', bytes));
    expect(audio.durationSeconds).toBe(2);
    expect(warnings).toEqual([]);
  },
);

test('a WAV that declares less than there is is read to its end, with a warning', async () => {
  const plain = await made.make('less.wav', ...tone, '-bitexact');
  const { audio, warnings } = await processed(
    await made.write('less.wav', await withSize(plain, { 40: 88_200 })),
  );
  expect(audio.durationSeconds).toBe(2);
  expect(warnings).toMatchObject([{ code: 'LENGTH_MISMATCH' }]);
});

/** Writes sizes into a header: a field is named by a chunk, and how far behind its name it stands. */
type Sizes = (bytes: Buffer) => void;
const aiffSizes =
  (frames: number, sound: number): Sizes =>
  (bytes) => {
    bytes.writeUInt32BE(frames, bytes.indexOf('COMM') + 10);
    bytes.writeUInt32BE(sound, bytes.indexOf('SSND') + 4);
  };
const auSize =
  (size: number): Sizes =>
  (bytes) =>
    bytes.writeUInt32BE(size, 8);
const cafSize =
  (size: bigint): Sizes =>
  (bytes) =>
    bytes.writeBigInt64BE(size, bytes.indexOf('data') + 4);
const [FRAMES, BYTES] = [2 * 44_100, 2 * 44_100 * 4];

test.for([
  ['AIFF never completed', 'a.aiff', aiffSizes(0, 0), []],
  ['AIFF of a pipe', 'a.aiff', aiffSizes(0x7f00_0000 / 4, 0x7fff_fff8), []],
  ['AIFF whose chunks say half', 'a.aiff', aiffSizes(FRAMES / 2, BYTES / 2 + 8), ['more']],
  ['AIFF whose frames say half', 'a.aiff', aiffSizes(FRAMES / 2, BYTES + 8), ['more']],
  ['AU of a pipe', 'a.au', auSize(0xffff_ffff), []],
  ['AU of another pipe', 'a.au', auSize(0x7fff_ffff), []],
  ['AU never completed', 'a.au', auSize(0), []],
  ['AU that says half', 'a.au', auSize(BYTES / 2), ['more']],
  ['CAF of a recorder', 'a.caf', cafSize(-1n), []],
  ['CAF never completed', 'a.caf', cafSize(0n), []],
  ['CAF of a pipe', 'a.caf', cafSize(0x7fff_ffffn), []],
  ['CAF that says half', 'a.caf', cafSize(BigInt(BYTES / 2 + 4)), ['more']],
] as const)('%s is read to its end', async ([, name, writeSizes, expected]) => {
  const bytes = await readFile(await made.make(name, ...tone, '-ac', '2', '-bitexact'));
  writeSizes(bytes);
  const seen = await processed(await made.write(name, bytes));
  expect(seen.audio).toMatchObject({ durationSeconds: 2, sampleRate: 44_100, channels: 2 });
  // Where a chunk does not say where the next one begins, the reader of tags says so, too.
  const told = seen.warnings.map(({ code }) => code).filter((code) => code !== 'TAGS_UNREADABLE');
  expect(told).toEqual(expected.map(() => 'LENGTH_MISMATCH'));
});

test.for(['aiff', 'au', 'caf', 'wav'])('of a %s that was cut off it is told', async (type) => {
  const bytes = await readFile(
    await made.make(`long.${type}`, '-f', 'lavfi', '-i', 'sine=d=8:r=44100', '-bitexact'),
  );
  const path = await made.write(`cut.${type}`, bytes.subarray(0, bytes.length / 2));
  const { audio, warnings } = await processed(path);
  expect(audio.durationSeconds).toBeCloseTo(4, 0);
  expect(warnings).toMatchObject([{ code: 'CUT_OFF' }]);
});

test('a WAV with tags after its sound is not longer for them', async () => {
  const plain = await readFile(await made.make('list.wav', ...tone, '-bitexact'));
  const list = Buffer.from('LIST\xa0\x86\x01\0INFOICMT\x94\x86\x01\0', 'latin1');
  const bytes = Buffer.concat([plain, list, Buffer.alloc(99_988, 'x')]);
  const { audio, warnings } = await processed(await made.write('list.wav', bytes));
  expect(audio.durationSeconds).toBe(2);
  expect(warnings).toEqual([]);
});

test.for([
  ['adpcm.wav', ['-c:a', 'adpcm_ms'], 'adpcm_ms', 'audio/wav'],
  ['ima.wav', ['-c:a', 'adpcm_ima_wav'], 'adpcm_ima_wav', 'audio/wav'],
  ['mp3.wav', ['-c:a', 'libmp3lame'], 'mp3', 'audio/wav'],
  ['mp3.m4a', ['-c:a', 'libmp3lame', '-f', 'mp4'], 'mp3', 'audio/mp4'],
  ['in24.aifc', ['-c:a', 'pcm_s24be', '-f', 'aiff'], 'pcm_s24be', 'audio/aiff'],
  ['ima4.aifc', ['-c:a', 'adpcm_ima_qt', '-f', 'aiff'], 'adpcm_ima_qt', 'audio/aiff'],
  ['song.au', [], 'pcm_s16be', 'audio/basic'],
  ['voice.caf', [], 'pcm_s16be', 'audio/x-caf'],
  ['alac.caf', ['-c:a', 'alac'], 'alac', 'audio/x-caf'],
  ['recorded.webm', ['-c:a', 'libopus'], 'opus', 'audio/webm'],
  ['recorded.mka', ['-c:a', 'flac'], 'flac', 'audio/x-matroska'],
  ['voice.amr', ['-ac', '1', '-ar', '8000', '-c:a', 'libopencore_amrnb'], 'amr_nb', 'audio/amr'],
] as const)('%s is taken', async ([name, options, codec, type]) => {
  const seen = await processed(await made.make(name, ...tone, ...options));
  expect(seen).toMatchObject({ contentType: type, warnings: [], audio: { codec } });
  expect(seen.audio.durationSeconds).toBeCloseTo(2, 0);
});

test('surround is mixed down once, and does not clip', async () => {
  const hot =
    'aevalsrc=0.95*sin(2*PI*440*t)|0.95*sin(2*PI*440*t)|0.95*sin(2*PI*440*t)|0|0.95*sin(2*PI*440*t)|0.95*sin(2*PI*440*t):c=5.1:s=48000:d=1';
  const { files, analysis } = await processed(await made.make('hot.wav', '-f', 'lavfi', '-i', hot));
  const { peak } = await loudnessOf(await made.write('hot.m4a', files.preview ?? ''));
  expect(peak).toBeLessThan(0.2);
  expect(analysis.loudness.truePeakDbtp ?? 0).toBeCloseTo(peak, 0);
  const { data } = JSON.parse(String(files.waveform)) as { data: number[] };
  const loudest = Math.max(...data.map(Math.abs)) / 32_768;
  expect(20 * Math.log10(loudest > 1 / 200 ? loudest : (loudest * 32_768) / 128)).toBeCloseTo(
    peak,
    0,
  );
});

test('an MP3 that was cut keeps the old length in its header, and plays', async () => {
  const long = await readFile(
    await made.make('long.mp3', '-f', 'lavfi', '-i', 'sine=d=20', '-c:a', 'libmp3lame'),
  );
  const { audio, warnings } = await processed(
    await made.write('cut.mp3', long.subarray(0, long.length / 8)),
  );
  expect(audio.durationSeconds).toBeLessThan(4);
  expect(warnings).toMatchObject([{ code: 'LENGTH_MISMATCH' }]);
});

test('24-bit samples in an AIFC for 16 bits are refused by name, not played as noise', async () => {
  const aifc = await readFile(
    await made.make('a.aifc', ...tone, '-c:a', 'pcm_s16le', '-f', 'aiff'),
  );
  aifc.writeUInt16BE(24, aifc.indexOf('COMM') + 14);
  await expect(processed(await made.write('a.aifc', aifc))).rejects.toMatchObject({
    code: 'UNSUPPORTED_MEDIA',
    message: expect.stringMatching(/sowt/),
  });
});

test('covers in WebP, GIF and BMP are covers', async () => {
  for (const type of ['webp', 'gif', 'bmp', 'png']) {
    const cover = await made.make(
      `cover.${type}`,
      '-f',
      'lavfi',
      '-i',
      'testsrc2=s=64x64:d=0.04',
      '-frames:v',
      '1',
    );
    const tag = Buffer.concat([
      Buffer.from(`\0image/${type}\0\x03\0`, 'latin1'),
      await readFile(cover),
    ]);
    const { derivatives, warnings } = await tagged(
      id3(3, [['APIC', tag[0] ?? 0, tag.subarray(1)]]),
    );
    expect(warnings, type).toEqual([]);
    expect(derivatives.map(({ name }) => name)).toContain('cover');
  }
});

test('every artist is kept, and AC/DC is one', async () => {
  const multi = await tagged(id3(4, [['TPE1', 3, 'Alice\0Bob']]));
  expect(multi.metadata).toMatchObject({ artist: 'Alice, Bob', artists: ['Alice', 'Bob'] });
  for (const [major, name] of [
    [3, 'TPE1'],
    [2, 'TP1'],
  ] as const) {
    const { metadata } = await tagged(id3(major, [[name, 0, 'AC/DC']]));
    expect(metadata).toMatchObject({ artist: 'AC/DC', artists: ['AC/DC'] });
  }
});

test('sizes of frames with eight bits per byte in ID3v2.4, as iTunes wrote them, are understood', async () => {
  const tag = id3(
    4,
    [
      ['TIT2', 3, 'A'.repeat(300)],
      ['TPE1', 3, 'Singer'],
    ],
    true,
  );
  expect((await tagged(tag)).metadata).toMatchObject({ artist: 'Singer' });
});

/** Texts in the encodings of their programs, declared as Latin-1. */
const LEGACY: [string, string, string][] = [
  ['Shift JIS', '96e982c98bec82af82e9', '夜に駆ける'],
  ['Windows-1251', 'c3f0f3efefe020eaf0eee2e8', 'Группа крови'],
  ['KOI8-R', 'e7d2d5d0d0c120cbd2cfd7c9', 'Группа крови'],
  ['UTF-8', Buffer.from('Je čas metat kamení').toString('hex'), 'Je čas metat kamení'],
  ['EUC-KR', 'b9e6c5babcd2b3e2b4dc20babdb3af', '방탄소년단 봄날'],
  ['Windows-1250', '44766ff8e16b20a9e1726b61', 'Dvořák Šárka'],
  ['Latin-1', '426af6726b', 'Björk'],
  ['Latin-1', '4d796ce86e65204661726d6572', 'Mylène Farmer'],
];

test.for(LEGACY)('a tag in %s is read as it was meant', async ([, bytes, text]) => {
  const { metadata } = await tagged(id3(3, [['TIT2', 0, Buffer.from(bytes, 'hex')]]));
  expect(metadata.title).toBe(text);
});

test('the tags of a WAV are in UTF-8 where their bytes are', async () => {
  const args = ['-metadata', 'title=Für Élise 你好', '-metadata', 'artist=Björk'];
  const { metadata } = await processed(await made.make('info.wav', ...tone, ...args));
  expect(metadata).toMatchObject({ title: 'Für Élise 你好', artist: 'Björk' });
});

test('a text in no known encoding keeps its bytes', async () => {
  const bytes = Buffer.from('81ff8d90fe9d02ff', 'hex');
  const { metadata, warnings } = await tagged(id3(3, [['TIT2', 0, bytes]]));
  expect(metadata.undecoded).toEqual({ TIT2: bytes.toString('base64') });
  expect(warnings).toMatchObject([{ code: 'TEXT_ENCODING_UNKNOWN' }]);
});
