import { writeFile } from 'node:fs/promises';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Studio, studio } from '../../../samples/audio.ts';
import {
  apart,
  byFfmpeg,
  middleOf,
  pixelsByFfmpeg,
  processedImage,
  scene,
} from '../../../samples/images.ts';

let made: Studio;
beforeAll(async () => {
  made = await studio();
});
afterAll(() => made[Symbol.asyncDispose]());

const [W, H] = [480, 320];
const rgb = () => scene(W, H);
const rgba = () => scene(W, H, 4);
const page = { width: W, height: H };

const FILES: [string, object, () => Promise<Buffer>][] = [
  ['jpeg', {}, () => rgb().jpeg().toBuffer()],
  ['jpeg, progressive', {}, () => rgb().jpeg({ progressive: true }).toBuffer()],
  ['jpeg, full chroma', {}, () => rgb().jpeg({ chromaSubsampling: '4:4:4' }).toBuffer()],
  ['jpeg, grey', { colorSpace: 'gray' }, () => rgb().toColourspace('b-w').jpeg().toBuffer()],
  ['png', {}, () => rgb().png().toBuffer()],
  ['png, alpha', { hasAlpha: true }, () => rgba().png().toBuffer()],
  ['png, interlaced', {}, () => rgb().png({ progressive: true }).toBuffer()],
  ['png, 16 bits', {}, () => rgb().toColourspace('rgb16').png().toBuffer()],
  ['png, palette', {}, () => rgb().png({ palette: true }).toBuffer()],
  [
    'png, grey of 16 bits',
    { colorSpace: 'gray' },
    () => rgb().toColourspace('grey16').png().toBuffer(),
  ],
  ['webp', {}, () => rgb().webp().toBuffer()],
  ['webp, lossless', {}, () => rgb().webp({ lossless: true }).toBuffer()],
  ['webp, alpha', { hasAlpha: true }, () => rgba().webp().toBuffer()],
  ['avif', {}, () => rgb().avif({ effort: 0 }).toBuffer()],
  ['avif, 10 bits', {}, () => rgb().avif({ effort: 0, bitdepth: 10 }).toBuffer()],
  ['gif', {}, () => rgb().gif().toBuffer()],
  ['tiff', {}, () => rgb().tiff({ compression: 'none' }).toBuffer()],
  ['tiff, LZW', {}, () => rgb().tiff({ compression: 'lzw' }).toBuffer()],
  [
    'tiff, 16 bits and Deflate',
    {},
    () => rgb().toColourspace('rgb16').tiff({ compression: 'deflate' }).toBuffer(),
  ],
];

test.for(FILES)('%s is READY with right facts, and looks the same', async ([name, facts, make]) => {
  const bytes = await make();
  const path = await made.write('image', bytes);
  const { contentType, image, probed, derivatives, files, warnings, progress } =
    await processedImage(path);
  const format = name.split(',')[0];
  expect(contentType).toBe(`image/${format}`);
  expect(image).toMatchObject({
    ...{ width: W, height: H, format, orientation: 1, frames: 1 },
    ...{ hasAlpha: false, colorSpace: 'srgb', ...facts },
    dominantColor: expect.stringMatching(/^#[0-9a-f]{6}$/),
    blurHash: expect.stringMatching(/^.{28}$/),
    perceptualHash: expect.stringMatching(/^[0-9a-f]{16}$/),
  });
  expect(probed.facts.image).toMatchObject({ width: W, height: H });
  expect(derivatives).toMatchObject([
    { name: 'thumbnail', contentType: 'image/webp', width: 320, height: 213 },
    { name: 'preview', contentType: 'image/webp', width: W, height: H },
    { name: 'previewAvif', contentType: 'image/avif', width: W, height: H },
  ]);
  expect(probed.derivatives.map((planned) => planned.name)).toEqual(Object.keys(files));
  expect(warnings).toEqual([]);
  expect([progress.at(0), progress.at(-1)]).toEqual([0, 100]);
  // The decoders of ffmpeg for both: none of sharp's are asked. It has none for AVIF with alpha.
  const [original, preview] = await Promise.all([
    pixelsByFfmpeg(bytes),
    pixelsByFfmpeg(files.preview ?? Buffer.alloc(0)),
  ]);
  expect(preview).toMatchObject(page);
  expect(original).toMatchObject(page);
  const difference = image.hasAlpha
    ? apart(onWhite(original.data), onWhite(preview.data))
    : apart(original.data, preview.data);
  expect(difference).toBeLessThan(4);
});

/** What is transparent has any colour: encoders choose the one that costs least. */
function onWhite(rgba: Buffer): Buffer {
  const flat = Buffer.from(rgba);
  for (let at = 0; at < flat.length; at += 4) {
    const alpha = (flat[at + 3] ?? 0) / 255;
    for (let n = 0; n < 3; n++) flat[at + n] = 255 + ((flat[at + n] ?? 0) - 255) * alpha;
  }
  return flat;
}

const ENCODERS: [string, ...string[]][] = [
  ['a.jpg', '-pix_fmt', 'yuvj420p', '-q:v', '3'],
  ['b.jpg', '-pix_fmt', 'yuvj422p', '-huffman', 'optimal'],
  ['c.png', '-pix_fmt', 'rgb48be', '-pred', 'mixed'],
  ['d.png', '-pix_fmt', 'monob'],
  ['e.png', '-pix_fmt', 'ya8'],
  ['f.apng', '-f', 'apng'],
  ['g.gif', '-vf', 'split[a][b];[a]palettegen[p];[b][p]paletteuse'],
  ['h.tif', '-compression_algo', 'packbits'],
  ['i.tif', '-compression_algo', 'lzw', '-pix_fmt', 'gray'],
  ['j.tif', '-compression_algo', 'deflate', '-pix_fmt', 'rgba'],
  ['k.webp', '-c:v', 'libwebp', '-quality', '60'],
  ['l.webp', '-c:v', 'libwebp', '-lossless', '1'],
];

test.for(ENCODERS)('%s by another encoder is READY', async ([name, ...args]) => {
  const { image, files } = await processedImage(await byFfmpeg(made.folder, name, ...args));
  expect(image).toMatchObject({ width: 320, height: 240 });
  expect(Object.keys(files)).toEqual(['thumbnail', 'preview', 'previewAvif']);
});

test.for(['gif', 'webp'] as const)(
  'an animated %s tells its frames and shows the first',
  async (format) => {
    const frames = await Promise.all(
      ['#c33', '#3c3', '#33c'].map((background) =>
        sharp({ create: { width: 60, height: 40, channels: 3, background } })
          .png()
          .toBuffer(),
      ),
    );
    const bytes = await sharp(frames, { join: { animated: true } })
      .toFormat(format, { delay: [100, 100, 100] })
      .toBuffer();
    const { image, files } = await processedImage(await made.write('animated', bytes));
    expect(image).toMatchObject({ width: 60, height: 40, frames: 3 });
    const [red = 0, green = 255, blue = 255] = await middleOf(files.preview ?? Buffer.alloc(0));
    expect([red > 180, green < 70, blue < 70]).toEqual([true, true, true]);
  },
);

test('frames are counted to 200, and pages of a TIFF are', async () => {
  const args = ['-f', 'lavfi', '-i', 'testsrc2=s=32x32:r=25:d=10'];
  const { image } = await processedImage(await made.make('long.gif', ...args));
  expect(image.frames).toBe(200);
  const pages = await sharp(await Promise.all([rgb(), rgb()].map((one) => one.png().toBuffer())), {
    join: { animated: true },
  })
    .tiff()
    .toBuffer();
  const paged = await processedImage(await made.write('pages.tif', pages));
  expect(paged.image).toMatchObject({ width: W, height: H, frames: 2 });
});

// Where ffmpeg has no decoder, or no colour management, the scene itself is what it must look like.
test('a CMYK JPEG, and a TIFF of JPEG tiles, look as what they were made of', async () => {
  const scenery = await rgb().raw().toBuffer();
  const looks = async (bytes: Buffer) => {
    const { image, files } = await processedImage(await made.write('image', bytes));
    return { image, apart: apart(await sharp(files.preview).raw().toBuffer(), scenery) };
  };
  const cmyk = await looks(await rgb().toColourspace('cmyk').jpeg({ quality: 95 }).toBuffer());
  expect(cmyk.image.colorSpace).toBe('cmyk');
  expect(cmyk.apart).toBeLessThan(12);
  const tiled = await looks(await rgb().tiff({ compression: 'jpeg', tile: true }).toBuffer());
  expect(tiled.apart).toBeLessThan(6);
});

test('a Display P3 image has its colours as sRGB, and is no longer P3', async () => {
  // P3 (200, 100, 50) is sRGB (213, 97, 34): CSS Color 4 §10.
  const background = { r: 200, g: 100, b: 50 };
  const plain = sharp({ create: { width: 64, height: 64, channels: 3, background } });
  const bytes = await plain.png().toBuffer();
  const icc = await sharp(bytes).withIccProfile('p3').png().toBuffer();
  const { icc: profile } = await sharp(icc).metadata();
  const path = made.path('profile.icc');
  await writeFile(path, profile ?? Buffer.alloc(0));
  // The numbers as they are, with the profile beside them.
  const tagged = await sharp(bytes, { ignoreIcc: true })
    .withIccProfile(path, { attach: true })
    .png()
    .toBuffer();
  const numbers = await middleOf(tagged);
  const { image, metadata, files } = await processedImage(await made.write('p3.png', tagged));
  expect(image.colorSpace).toBe('display-p3');
  expect(metadata).toHaveProperty('colorProfile');
  const [r = 0, g = 0, b = 0] = await middleOf(files.preview ?? Buffer.alloc(0));
  const expected = displayP3ToSrgb(numbers);
  for (const [n, value] of [r, g, b].entries()) {
    expect(Math.abs(value - (expected[n] ?? 0)), `${[r, g, b]} for ${expected}`).toBeLessThan(5);
  }
  for (const file of Object.values(files))
    expect((await sharp(file).metadata()).icc).toBeUndefined();
});

/** CSS Color 4, "Converting Colors": both have the same white and the same curve. */
function displayP3ToSrgb(color: number[]): number[] {
  const [r = 0, g = 0, b = 0] = color.map((value) => {
    const v = value / 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  });
  const linear = [
    1.2249401 * r - 0.2249404 * g,
    -0.0420569 * r + 1.0420571 * g,
    -0.0196376 * r - 0.0786361 * g + 1.0982735 * b,
  ];
  return linear.map((v) => {
    const curved = v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055;
    return Math.round(255 * Math.max(0, Math.min(1, curved)));
  });
}
