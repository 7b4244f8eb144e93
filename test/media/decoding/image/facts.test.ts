import { decode, isBlurhashValid } from 'blurhash';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Studio, studio } from '../../../samples/audio.ts';
import { chunk } from '../../../samples/hostile-images.ts';
import {
  apart,
  CANARY,
  exif,
  photograph,
  processedImage,
  scene,
  withCanary,
} from '../../../samples/images.ts';

let made: Studio;
beforeAll(async () => {
  made = await studio();
});
afterAll(() => made[Symbol.asyncDispose]());

/** EXIF's table: what a camera did to an upright picture, by transforms that know nothing of EXIF. */
const HELD: Record<number, (upright: Buffer) => Promise<Buffer>> = {
  1: async (png) => png,
  2: (png) => sharp(png).flop().png().toBuffer(),
  3: (png) => sharp(png).rotate(180).png().toBuffer(),
  4: (png) => sharp(png).flip().png().toBuffer(),
  5: async (png) =>
    sharp(await sharp(png).rotate(90).png().toBuffer())
      .flop()
      .png()
      .toBuffer(),
  6: (png) => sharp(png).rotate(270).png().toBuffer(),
  7: async (png) =>
    sharp(await sharp(png).rotate(270).png().toBuffer())
      .flop()
      .png()
      .toBuffer(),
  8: (png) => sharp(png).rotate(90).png().toBuffer(),
};

test.for([1, 2, 3, 4, 5, 6, 7, 8])('orientation %i is shown upright', async (orientation) => {
  const upright = await scene(400, 240).png().toBuffer();
  const held = await HELD[orientation]?.(upright);
  const bytes = await sharp(held).jpeg({ quality: 95 }).withMetadata({ orientation }).toBuffer();
  const { image, files, derivatives } = await processedImage(await made.write('o.jpg', bytes));
  expect(image).toMatchObject({ width: 400, height: 240, orientation });
  expect(derivatives).toMatchObject([
    { width: 320, height: 192 },
    { width: 400, height: 240 },
    { width: 400, height: 240 },
  ]);
  const expected = await sharp(upright).raw().toBuffer();
  for (const name of ['preview', 'previewAvif']) {
    const shown = await sharp(files[name]).raw().toBuffer();
    expect(apart(shown, expected), name).toBeLessThan(4);
    expect((await sharp(files[name]).metadata()).orientation).toBeUndefined();
  }
});

test('where a picture was taken is in no derivative and in no answer; how it was taken is', async () => {
  const jpeg = await scene(300, 200).jpeg().toBuffer();
  const png = await scene(300, 200).png().toBuffer();
  const afterHeader = 33;
  const blocks = [chunk('eXIf', exif()), chunk('tEXt', Buffer.from(`Comment\0${CANARY}`))];
  const inPng = [png.subarray(0, afterHeader), ...blocks, png.subarray(afterHeader)];
  const gps = { GPSLatitude: '52/1 30/1 58/1', GPSProcessingMethod: CANARY };
  const ifd = { IFD0: { Make: 'Mixdown', ImageDescription: CANARY }, IFD3: gps };
  const originals = [
    withCanary(jpeg),
    Buffer.concat(inPng),
    await scene(300, 200).webp().withExif(ifd).toBuffer(),
    await scene(300, 200).avif({ effort: 0 }).withExif(ifd).toBuffer(),
  ];
  for (const bytes of originals) {
    expect(bytes.includes(CANARY)).toBe(true);
    const { files, derivatives, ...told } = await processedImage(await made.write('gps', bytes));
    expect(told.metadata).toMatchObject({ make: 'Mixdown' });
    expect(JSON.stringify(told)).not.toMatch(/CANARY|52\.5|gps|latitude/i);
    expect(Object.keys(files)).toHaveLength(3);
    for (const [name, file] of Object.entries(files)) {
      expect(file.includes('CANARY'), name).toBe(false);
      const { exif, xmp, iptc, icc, comments } = await sharp(file).metadata();
      expect({ exif, xmp, iptc, icc, comments }).toEqual({});
    }
  }
  const { metadata } = await processedImage(await made.write('gps.jpg', withCanary(jpeg)));
  expect(metadata).toEqual({
    ...{ make: 'Mixdown', model: 'Box camera' },
    ...{ takenAt: '2026-07-14T18:03:22', fNumber: 2.8 },
  });
});

test('broken EXIF is left out, and the picture is not', async () => {
  const bytes = withCanary(await scene(100, 100).jpeg().toBuffer());
  const at = bytes.indexOf('MM\0*', 0, 'latin1');
  for (const offset of [4, 8, 12, 16, 40, 42]) {
    const broken = Buffer.from(bytes);
    broken.writeUInt32BE(0xffff_fff0, at + offset);
    const { metadata, files } = await processedImage(await made.write('broken.jpg', broken));
    expect(JSON.stringify(metadata).length).toBeLessThan(500);
    expect(Object.keys(files)).toHaveLength(3);
  }
});

test('the dominant colour is what most of it is, and what is transparent has none', async () => {
  const sea = { create: { width: 200, height: 200, channels: 3, background: '#1e6fa8' } } as const;
  const sun = await sharp({ create: { width: 60, height: 60, channels: 3, background: '#ffd000' } })
    .png()
    .toBuffer();
  const bytes = await sharp(sea)
    .composite([{ input: sun, left: 10, top: 10 }])
    .png()
    .toBuffer();
  expect((await processedImage(await made.write('sea.png', bytes))).image.dominantColor).toBe(
    '#1e6fa8',
  );
  const nothing = { r: 0, g: 0, b: 0, alpha: 0 };
  const glass = sharp({ create: { width: 9, height: 9, channels: 4, background: nothing } });
  const { image } = await processedImage(await made.write('g.png', await glass.png().toBuffer()));
  expect(image).not.toHaveProperty('dominantColor');
  expect(image.hasAlpha).toBe(true);
});

test('the blurhash is a valid one, and light and dark where the picture is', async () => {
  for (const turn of [0, 90, 180, 270]) {
    const turned = sharp(await scene(400, 300).png().toBuffer()).rotate(turn);
    const bytes = await turned.png().toBuffer();
    const { image } = await processedImage(await made.write('b.png', bytes));
    const hash = image.blurHash ?? '';
    expect(isBlurhashValid(hash)).toEqual({ result: true });
    const shown = Buffer.from(decode(hash, 32, 32));
    const small = sharp(bytes).resize(32, 32, { fit: 'fill' }).ensureAlpha().raw();
    expect(apart(shown, await small.toBuffer()), `turned by ${turn}`).toBeLessThan(16);
  }
});

const bits = (a = '', b = '') =>
  (BigInt(`0x${a}`) ^ BigInt(`0x${b}`)).toString(2).replaceAll('0', '').length;

test('the perceptual hash knows a copy that was scaled, compressed or tinted, and no other picture', async () => {
  const hash = async (bytes: Buffer) =>
    (await processedImage(await made.write('h', bytes))).image.perceptualHash;
  const original = await photograph(900, 600).png().toBuffer();
  const hashed = await hash(original);
  const copies = [
    await sharp(original).resize(300).jpeg({ quality: 40 }).toBuffer(),
    await sharp(original).modulate({ brightness: 1.15 }).webp().toBuffer(),
    await sharp(original).jpeg().withMetadata({ orientation: 1 }).toBuffer(),
  ];
  for (const copy of copies) expect(bits(hashed, await hash(copy))).toBeLessThanOrEqual(8);
  const others = [await sharp(original).flop().toBuffer(), await scene(900, 600).png().toBuffer()];
  for (const other of others) expect(bits(hashed, await hash(other))).toBeGreaterThan(16);
});

test('one pixel is an image, and so is a line of many', async () => {
  for (const [width, height] of [
    [1, 1],
    [16_384, 1],
    [1, 16_384],
    [3, 2000],
  ] as const) {
    const bytes = await sharp({ create: { width, height, channels: 3, background: '#c63' } })
      .png()
      .toBuffer();
    const { image, derivatives } = await processedImage(await made.write('line.png', bytes));
    expect(image).toMatchObject({ width, height, dominantColor: '#cc6633' });
    expect(derivatives.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['thumbnail', 'preview']),
    );
  }
});

test('an image is made no larger than it is', async () => {
  const bytes = await scene(100, 50).jpeg().toBuffer();
  const { derivatives } = await processedImage(await made.write('small.jpg', bytes));
  for (const one of derivatives) expect(one).toMatchObject({ width: 100, height: 50 });
});

test('on abort nothing more is made, and the reason is what was given', async () => {
  const control = new AbortController();
  const reason = new Error('the lease is lost');
  const taken: string[] = [];
  const path = await made.write('a.jpg', await scene(800, 600).jpeg().toBuffer());
  const onDerivative = async ({ name }: { name: string }) => {
    taken.push(name);
    control.abort(reason);
  };
  await expect(processedImage(path, { signal: control.signal, onDerivative })).rejects.toBe(reason);
  expect(taken).toEqual(['thumbnail']);
});
