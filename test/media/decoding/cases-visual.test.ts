import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Studio, studio } from '../../samples/audio.ts';
import { drawQuads, makeQuadVideo, measureError, QUADS, readQuads } from '../../samples/cases.ts';
import { processedImage } from '../../samples/images.ts';
import { makeTurned } from '../../samples/turned.ts';
import { framesOf, processedVideo, seenByFfmpeg } from '../../samples/videos.ts';

// Pictures and videos in the colours and shapes of today's devices. Colours are checked by four
// quarters: all that is made of a file shows them as the file does.

let made: Studio;
beforeAll(async () => {
  made = await studio();
});
afterAll(() => made[Symbol.asyncDispose]());

const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-qp', '4'];
const named = (matrix: string, primaries = matrix, curve = matrix, range = 'tv') =>
  `setparams=colorspace=${matrix}:color_primaries=${primaries}:color_trc=${curve}:range=${range}`;
const to = (matrix: string, range = 'tv') => `scale=out_color_matrix=${matrix}:out_range=${range}`;
/** The quarters as PQ and HLG in BT.2020, white at 203 nits and at 75 %. */
const IN_PQ = [
  [122, 80, 67],
  [103, 126, 80],
  [75, 65, 131],
  [139, 139, 139],
];
const IN_HLG = [
  [137, 54, 39],
  [91, 144, 54],
  [47, 35, 158],
  [173, 173, 173],
];
const HEVC = ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=none:qp=4'];

const COLOURED: [string, Parameters<typeof makeQuadVideo>[1]][] = [
  ['hd-bt709.mp4', { size: '1280x720', scale: to('bt709'), names: named('bt709'), options: H264 }],
  ['hd-untagged.mp4', { size: '1280x720', scale: to('bt709'), options: H264 }],
  ['sd-untagged.mp4', { scale: to('bt601'), options: H264 }],
  ['sd-bt601.mov', { scale: to('bt601'), names: named('smpte170m'), options: H264 }],
  [
    'full-range.mp4',
    {
      scale: to('bt709', 'pc'),
      names: named('bt709', 'bt709', 'bt709', 'pc'),
      options: H264,
    },
  ],
  ['vp8.webm', { scale: to('bt601'), options: ['-c:v', 'libvpx', '-b:v', '4M'] }],
  ['pq.mp4', asHdr(IN_PQ, 'smpte2084')],
  ['hlg.mov', asHdr(IN_HLG, 'arib-std-b67')],
];

function asHdr(quads: number[][], curve: string): Parameters<typeof makeQuadVideo>[1] {
  const names = named('bt2020nc', 'bt2020', curve);
  const options = [...HEVC, '-tag:v', 'hvc1'];
  return { quads, scale: to('bt2020'), format: 'yuv420p10le', names, options };
}

test.for(COLOURED)('%s has its colours in all that is made of it', async ([name, options]) => {
  const path = await makeQuadVideo(made.path(name), options);
  const { files } = await processedVideo(path);
  for (const picture of ['poster', 'thumbnail'] as const) {
    const found = await readQuads(files[picture] ?? Buffer.alloc(0));
    expect(measureError(found), `${picture} ${found}`).toBeLessThanOrEqual(6);
  }
  const preview = await made.write('preview.mp4', files.preview ?? '');
  const shown = await readQuads(await readFile(preview), 'bt709');
  expect(measureError(shown), `preview ${shown}`).toBeLessThanOrEqual(6);
});

test('an interlaced video has no combs', async () => {
  const moving = 'testsrc2=s=720x576:r=50:d=1,scroll=h=0.02,interlace,format=yuv420p';
  const path = await made.make(
    'fields.mp4',
    ...['-f', 'lavfi', '-i', moving, ...H264, '-flags', '+ildct+ilme'],
  );
  const { files } = await processedVideo(path);
  const preview = await made.write('fields-preview.mp4', files.preview ?? '');
  expect(await measureCombs(preview)).toBeLessThan((await measureCombs(path)) / 2);
});

/** How much more lines differ from their neighbours than from the lines after those. */
async function measureCombs(path: string): Promise<number> {
  const frame = await made.make('frame.png', '-ss', '0.4', '-i', path, '-frames:v', '1');
  const { data, info } = await sharp(frame)
    .greyscale()
    .toColourspace('b-w')
    .raw()
    .toBuffer({ resolveWithObject: true });
  let sum = 0;
  for (let at = 0; at + 2 * info.width < data.length; at++) {
    const [a = 0, b = 0, c = 0] = [data[at], data[at + info.width], data[at + 2 * info.width]];
    const isComb = (b - a) * (b - c) > 400;
    if (isComb) sum += 1;
  }
  return sum / data.length;
}

test('a picture that turns in mid-stream keeps both shapes, with a warning', async () => {
  const path = await makeTurned(made, 1, 1);
  const { facts, warnings, files } = await processedVideo(path);
  expect(facts.video).toMatchObject({ width: 320, height: 180, durationSeconds: 2 });
  expect(warnings).toMatchObject([{ code: 'PICTURE_SIZE_CHANGES' }]);
  const preview = await made.write('turned-preview.mp4', files.preview ?? '');
  const last = await made.make('last.png', '-ss', '1.5', '-i', preview, '-frames:v', '1');
  const { data, info } = await sharp(last)
    .greyscale()
    .toColourspace('b-w')
    .raw()
    .toBuffer({ resolveWithObject: true });
  const middle = (info.height >> 1) * info.width;
  expect([data[middle + 20], data[middle + (info.width >> 1)]].map((v) => (v ?? 0) > 128)).toEqual([
    false,
    true,
  ]);
});

test.for([
  [10, 10],
  [50, 50],
  [60, 60],
  [240, 60],
] as const)('a preview of %i frames a second has %i', async ([rate, expected]) => {
  const source = `testsrc2=s=64x36:r=${rate}:d=1`;
  const path = await made.make(`rate-${rate}.mp4`, '-f', 'lavfi', '-i', source, ...H264);
  const { files } = await processedVideo(path);
  const preview = await made.write('rate.mp4', files.preview ?? '');
  expect((await seenByFfmpeg(preview)).frameRate).toBe(expected);
  expect(await framesOf(preview)).toHaveLength(expected);
});

test('a JPEG without its end marker is shown whole; one that is cut is refused', async () => {
  const whole = await quadImage().jpeg({ quality: 95 }).toBuffer();
  const path = await made.write('no-end.jpg', whole.subarray(0, -2));
  const { files, warnings } = await processedImage(path);
  expect(measureError(await readQuads(files.preview ?? whole))).toBeLessThanOrEqual(6);
  expect(warnings).toMatchObject([{ code: 'CUT_OFF' }]);
  const half = await made.write('half.jpg', whole.subarray(0, whole.length / 2));
  await expect(processedImage(half)).rejects.toMatchObject({ code: 'CORRUPT_MEDIA' });
});

test('an animation that begins with a blank frame shows the first that is not', async () => {
  const blank = { width: 320, height: 180, channels: 4, background: '#00000000' } as const;
  const empty = await sharp({ create: blank }).png().toBuffer();
  const full = await quadImage(320, 180).png().toBuffer();
  const path = made.path('blank.gif');
  await sharp([empty, full], { join: { animated: true } })
    .gif()
    .toFile(path);
  const { files, warnings, image } = await processedImage(path);
  expect(measureError(await readQuads(files.thumbnail ?? full))).toBeLessThanOrEqual(10);
  expect(warnings).toMatchObject([{ code: 'BLANK_FRAMES_SKIPPED' }]);
  expect(image.frames).toBe(2);
});

test('PNG in Display P3 (cICP) and in linear light (gAMA) look as in a browser', async () => {
  const png = await quadImage().png().toBuffer();
  // The quarters in Display P3, rounded.
  const p3 = await quadImage(640, 360, [
    [184, 55, 49],
    [88, 177, 65],
    [39, 40, 192],
    [220, 220, 220],
  ])
    .png()
    .toBuffer();
  const linear = await quadImage(
    640,
    360,
    QUADS.map((color) => color.map(toLinear)),
  )
    .png()
    .toBuffer();
  const gamma = Buffer.alloc(4);
  gamma.writeUInt32BE(100_000);
  const files: [string, Buffer, string][] = [
    ['p3.png', withChunk(p3, 'cICP', Buffer.from([12, 13, 0, 1])), 'display-p3'],
    ['linear.png', withChunk(linear, 'gAMA', gamma), 'srgb-linear'],
    ['plain.png', png, 'srgb'],
  ];
  for (const [name, bytes, colorSpace] of files) {
    const { files: out, image } = await processedImage(await made.write(name, bytes));
    const found = await readQuads(out.preview ?? bytes);
    expect(measureError(found), `${name} ${found}`).toBeLessThanOrEqual(6);
    expect(image.colorSpace).toBe(colorSpace);
  }
});

const toLinear = (value: number) => {
  const v = value / 255;
  return Math.round(255 * (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
};

function quadImage(width = 640, height = 360, quads?: Parameters<typeof drawQuads>[2]) {
  const data = drawQuads(width, height, quads);
  return sharp(data, { raw: { width, height, channels: 3 } });
}

/** A PNG with a chunk after its header; the checksum is not looked at by most readers, but right. */
function withChunk(png: Buffer, name: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(computeCrc(body));
  return Buffer.concat([png.subarray(0, 33), length, body, sum, png.subarray(33)]);
}

function computeCrc(bytes: Buffer): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb8_8320 : 0);
  }
  return (crc ^ 0xffff_ffff) >>> 0;
}

test('an animated AVIF is its first frame, and its frames are counted', async () => {
  const path = await made.make(
    'animated.avif',
    ...['-f', 'lavfi', '-i', 'testsrc2=s=128x72:r=5:d=0.6', '-c:v', 'libaom-av1'],
    ...['-cpu-used', '8', '-pix_fmt', 'yuv420p'],
  );
  const { image, warnings } = await processedImage(path);
  expect(image).toMatchObject({ format: 'avif', frames: 3, width: 128, height: 72 });
  expect(warnings).toEqual([]);
});

test('a long screenshot and a photo of 64 million pixels are taken', async () => {
  for (const [width, height] of [
    [640, 20_000],
    [8192, 8192],
  ] as const) {
    const flat = { width, height, channels: 3, background: '#c82828' } as const;
    const path = made.path(`large-${height}.png`);
    await sharp({ create: flat, limitInputPixels: false })
      .png({ compressionLevel: 1 })
      .toFile(path);
    expect((await processedImage(path)).image).toMatchObject({ width, height });
  }
});

test.for([
  [6, 8, 'YCbCr'],
  [8, 8, 'L\\*a\\*b\\*'],
  [2, 32, '32 bits'],
] as const)('a TIFF of kind %i with %i bits is refused by name', async ([kind, bits, name]) => {
  const path = await made.write('rare.tif', buildTiff(kind, bits));
  await expect(processedImage(path)).rejects.toMatchObject({
    code: 'UNSUPPORTED_MEDIA',
    message: expect.stringMatching(name),
  });
});

/** One pixel, uncompressed. */
function buildTiff(photometric: number, bits: number): Buffer {
  const entries = [
    ...[[256, 3, 1, 1] as const, [257, 3, 1, 1] as const, [258, 3, 1, bits] as const],
    ...[[259, 3, 1, 1] as const, [262, 3, 1, photometric] as const, [273, 4, 1, 200] as const],
    ...[[277, 3, 1, 3] as const, [278, 3, 1, 1] as const, [279, 4, 1, 12] as const],
  ];
  const bytes = Buffer.alloc(220);
  bytes.write('II*\0\x08\0\0\0', 0, 'latin1');
  bytes.writeUInt16LE(entries.length, 8);
  for (const [n, [tag, type, count, value]] of entries.entries()) {
    const at = 10 + n * 12;
    bytes.writeUInt16LE(tag, at);
    bytes.writeUInt16LE(type, at + 2);
    bytes.writeUInt32LE(count, at + 4);
    bytes.writeUInt32LE(value, at + 8);
  }
  return bytes;
}

test('a TGA is refused as what it is', async () => {
  const bytes = Buffer.alloc(18 + 300);
  bytes.set([0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 10, 0, 24, 0]);
  await expect(processedImage(await made.write('a.tga', bytes))).rejects.toMatchObject({
    code: 'UNSUPPORTED_MEDIA',
    message: expect.stringMatching(/a TGA image/),
  });
});
