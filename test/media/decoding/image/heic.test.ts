import { readdir, readFile } from 'node:fs/promises';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseRenderOptions, renderImage } from '../../../../src/services/media/image/render.ts';
import { box, FFMPEG, noise, type Studio, studio } from '../../../samples/audio.ts';
import {
  type HeicOptions,
  heicOf,
  heicSequence,
  nclx,
  type Property,
  SRGB,
} from '../../../samples/heic.ts';
import {
  apart,
  CANARY,
  exif,
  pixelsByFfmpeg,
  processedImage,
  scene,
} from '../../../samples/images.ts';

let made: Studio;
beforeAll(async () => {
  made = await studio();
});
afterAll(() => made[Symbol.asyncDispose]());

const QUADS = [
  [200, 40, 40],
  [40, 180, 40],
  [40, 40, 200],
  [220, 220, 220],
];

const quads = (width = 600, height = 400): Sharp =>
  sharp(Buffer.from(QUADS.flat()), { raw: { width: 2, height: 2, channels: 3 } }).resize(
    width,
    height,
    { kernel: 'nearest', fit: 'fill' },
  );

/** The colours in the middle of the four quarters. */
async function quartersOf(bytes: Buffer): Promise<number[][]> {
  const { data, width, height } = await pixelsByFfmpeg(bytes);
  return [0.25, 0.75].flatMap((y) =>
    [0.25, 0.75].map((x) => {
      const at = (Math.floor(height * y) * width + Math.floor(width * x)) * 4;
      return [...data.subarray(at, at + 3)];
    }),
  );
}

async function processedHeic(bytes: Buffer) {
  return processedImage(await made.write('image.heic', bytes));
}

const MADE: [string, HeicOptions][] = [
  ['one picture', {}],
  ['tiles', { tile: 128 }],
  ['tiles of a side that is no multiple of 16', { tile: 120 }],
  ['10 bits', { pixelFormat: 'yuv420p10le' }],
  ['full chroma', { pixelFormat: 'yuv444p' }],
  ['half chroma', { pixelFormat: 'yuv422p', tile: 256 }],
  [
    'BT.709, limited',
    {
      properties: [['colr', nclx(1, 13, 1, false)]],
      filter: 'scale=out_color_matrix=bt709:out_range=limited',
    },
  ],
  [
    'colours that only the codec declares',
    {
      properties: [],
      filter: 'scale=out_color_matrix=bt709:out_range=full',
      colors: ['-colorspace', 'bt709', '-color_range', 'pc', '-color_primaries', 'bt709'],
    },
  ],
  ['the brand of HEIF alone', { brand: 'mif1' }],
];

test.for(MADE)('a HEIC of %s is READY, in its true colours', async ([, options]) => {
  const { contentType, image, files, derivatives, warnings } = await processedHeic(
    await heicOf(quads(), options),
  );
  expect(contentType).toBe('image/heic');
  expect(image).toMatchObject({
    ...{ width: 600, height: 400, format: 'heic', orientation: 1, hasAlpha: false },
    ...{ colorSpace: 'srgb', frames: 1 },
  });
  expect(warnings).toEqual([]);
  expect(derivatives.map(({ name }) => name)).toEqual(['thumbnail', 'preview', 'previewAvif']);
  const found = await quartersOf(files.preview as Buffer);
  for (const [n, color] of QUADS.entries())
    for (const [channel, value] of color.entries())
      expect(Math.abs((found[n]?.[channel] ?? -99) - value)).toBeLessThanOrEqual(6);
});

/** Of sharp, as the pictures are turned by the standard: to the left, then mirrored. */
const TURNS: [Property[], number, (upright: Sharp) => Sharp][] = [
  [[['irot', Buffer.from([1])]], 8, (it) => it.rotate(270)],
  [[['irot', Buffer.from([2])]], 3, (it) => it.rotate(180)],
  [[['irot', Buffer.from([3])]], 6, (it) => it.rotate(90)],
  [[['imir', Buffer.from([0])]], 4, (it) => it.flip()],
  [[['imir', Buffer.from([1])]], 2, (it) => it.flop()],
];

test.for(TURNS)('a HEIC is shown upright: %j', async ([properties, orientation, turn]) => {
  const bytes = await heicOf(scene(320, 240), { properties: [SRGB, ...properties], tile: 64 });
  const { image, files } = await processedHeic(bytes);
  const expected = await turn(sharp(await scene(320, 240).png().toBuffer()))
    .png()
    .toBuffer();
  const { width, height } = await sharp(expected).metadata();
  expect(image).toMatchObject({ orientation, width, height });
  const [seen, right] = await Promise.all([
    pixelsByFfmpeg(files.preview as Buffer),
    pixelsByFfmpeg(expected),
  ]);
  expect(apart(seen.data, right.data)).toBeLessThan(3);
});

test('a HEIC is cut to its clean aperture', async () => {
  const fractions = Buffer.alloc(32);
  for (const [n, value] of [200, 1, 100, 1, 60, 1, -40, 1].entries())
    fractions.writeInt32BE(value, n * 4);
  const properties: Property[] = [SRGB, ['clap', fractions]];
  const { image, files } = await processedHeic(
    await heicOf(scene(320, 240), { properties, tile: 64 }),
  );
  expect(image).toMatchObject({ width: 200, height: 100 });
  const right = await scene(320, 240)
    .extract({ left: 120, top: 30, width: 200, height: 100 })
    .png()
    .toBuffer();
  const seen = await pixelsByFfmpeg(files.preview as Buffer);
  expect(apart(seen.data, (await pixelsByFfmpeg(right)).data)).toBeLessThan(3);
});

test('the opacity of a HEIC is kept', async () => {
  const { image, files } = await processedHeic(
    await heicOf(scene(320, 240, 4), { alpha: true, tile: 64 }),
  );
  expect(image.hasAlpha).toBe(true);
  const { data, info } = await sharp(files.preview).raw().toBuffer({ resolveWithObject: true });
  const alphaAt = (x: number, y: number) => data[(y * info.width + x) * 4 + 3];
  expect([alphaAt(20, 20), alphaAt(200, 200)]).toEqual([0, 255]);
});

test('wide gamut is converted, whether a profile or a number tells it', async () => {
  const profile = (await sharp(await scene(8, 8).withIccProfile('p3').png().toBuffer()).metadata())
    .icc;
  const told: Property[] = [
    ['colr', Buffer.concat([Buffer.from('prof'), profile as Buffer])],
    ['colr', nclx(12, 13, 6)],
  ];
  for (const property of told) {
    const properties = property[1].includes('prof') ? [property, SRGB] : [property];
    const { image, files } = await processedHeic(await heicOf(quads(), { properties }));
    expect(image.colorSpace).toBe('display-p3');
    const [red = []] = await quartersOf(files.preview as Buffer);
    // Display P3 (200, 40, 40) lies at (219, 7, 27) in sRGB, by the matrices of both.
    for (const [n, value] of [219, 7, 27].entries())
      expect(Math.abs((red[n] ?? -99) - value)).toBeLessThanOrEqual(8);
  }
});

test.for(['smpte2084', 'arib-std-b67'])(
  'HDR (%s) becomes a picture that is neither black nor white',
  async (curve) => {
    const transfer = curve === 'smpte2084' ? 16 : 18;
    const { image, files } = await processedHeic(
      await heicOf(quads(), {
        properties: [['colr', nclx(9, transfer, 9)]],
        pixelFormat: 'yuv420p10le',
        filter: `format=gbrp,setparams=color_primaries=bt709:color_trc=iec61966-2-1:colorspace=gbr:range=full,zscale=p=bt2020:t=${curve}:m=bt2020nc:r=full:npl=100`,
        tile: 200,
      }),
    );
    expect(image.colorSpace).toBe(transfer === 16 ? 'rec2100-pq' : 'rec2100-hlg');
    const [red = [], green = [], blue = []] = await quartersOf(files.preview as Buffer);
    expect(red.indexOf(Math.max(...red))).toBe(0);
    expect(green.indexOf(Math.max(...green))).toBe(1);
    expect(blue.indexOf(Math.max(...blue))).toBe(2);
  },
);

test('the first picture of a sequence is shown, and its frames are counted', async () => {
  const { contentType, image } = await processedHeic(await heicSequence(7));
  expect(contentType).toBe('image/heic-sequence');
  expect(image).toMatchObject({ width: 320, height: 240, frames: 7 });
});

test('EXIF of a HEIC is told, but never where it was taken', async () => {
  const { metadata, files } = await processedHeic(await heicOf(scene(64, 64), { exif: exif() }));
  expect(metadata).toMatchObject({ make: 'Mixdown', takenAt: '2026-07-14T18:03:22', fNumber: 2.8 });
  expect(JSON.stringify(metadata)).not.toContain('CANARY');
  for (const file of Object.values(files)) expect(file.includes(CANARY)).toBe(false);
});

test('a render of a HEIC is made of it, and nothing is left behind', async () => {
  const path = await made.write('render.heic', await heicOf(quads(), { tile: 128 }));
  await using folder = await studio();
  const options = parseRenderOptions({ width: '300', format: 'png' });
  const work = { workDir: folder.folder, ffmpeg: FFMPEG, signal: new AbortController().signal };
  const out = made.path('rendered');
  const { width, height } = await renderImage(path, options, out, work);
  expect([width, height]).toEqual([300, 200]);
  const [, , , white = []] = await quartersOf(await readFile(out));
  for (const value of white) expect(Math.abs(value - 220)).toBeLessThanOrEqual(6);
  expect(await readdir(folder.folder)).toEqual([]);
});

const BROKEN: [string, string, () => Promise<Buffer>][] = [
  ['is cut off', 'CORRUPT_MEDIA', async () => (await heicOf(scene(320, 240))).subarray(0, -500)],
  [
    'has noise for pictures',
    'CORRUPT_MEDIA',
    async () => {
      const bytes = await heicOf(scene(320, 240), { tile: 64 });
      noise(500).copy(bytes, bytes.indexOf('mdat', 0, 'latin1') + 4);
      return bytes;
    },
  ],
  [
    'claims 65536 × 65536',
    'TOO_LARGE',
    async () => withSize(await heicOf(scene(64, 64)), 65_536, 65_536),
  ],
  [
    'claims more than it has',
    'CORRUPT_MEDIA',
    async () => withSize(await heicOf(scene(64, 64)), 640, 640),
  ],
  [
    'is of another codec',
    'UNSUPPORTED_MEDIA',
    async () => replaced(await heicOf(scene(64, 64)), 'hvc1', 'j2k1'),
  ],
  [
    'is composed of itself',
    'UNSUPPORTED_MEDIA',
    async () => replaced(await heicOf(scene(128, 128), { tile: 64 }), 'hvc1', 'grid'),
  ],
  ['has no index', 'CORRUPT_MEDIA', async () => Buffer.concat([ftyp(), box('mdat', noise(500))])],
  [
    'has an index of noise',
    'CORRUPT_MEDIA',
    async () =>
      Buffer.concat([
        ftyp(),
        box('meta', Buffer.alloc(4), box('hdlr', Buffer.from('\0\0\0\0\0\0\0\0pict')), noise(900)),
      ]),
  ],
];

test.for(BROKEN)('a HEIC that %s is refused as %s', async ([, code, make]) => {
  await expect(processedHeic(await make())).rejects.toMatchObject({ code });
});

function ftyp(): Buffer {
  return box('ftyp', Buffer.from('heic\0\0\0\0mif1heic', 'latin1'));
}

function withSize(bytes: Buffer, width: number, height: number): Buffer {
  const at = bytes.indexOf('ispe', 0, 'latin1') + 8;
  bytes.writeUInt32BE(width, at);
  bytes.writeUInt32BE(height, at + 4);
  return bytes;
}

function replaced(bytes: Buffer, from: string, to: string): Buffer {
  return Buffer.from(bytes.toString('latin1').replaceAll(from, to), 'latin1');
}
