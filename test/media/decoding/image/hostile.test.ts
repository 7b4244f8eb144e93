import { readdir, rm } from 'node:fs/promises';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBounded } from '../../../../src/services/media/bounded-file.ts';
import { IMAGE_CONTENT_TYPES, IMAGE_LIMITS } from '../../../../src/services/media/image/limits.ts';
import { processWithin } from '../../../../src/services/media/image/process.ts';
import { sniffImage } from '../../../../src/services/media/image/sniff.ts';
import { MediaError } from '../../../../src/services/media/media-error.ts';
import { cpuTimeOf, longestTurnOf } from '../../../harness/cpu-time.ts';
import { noise, type Studio, studio } from '../../../samples/audio.ts';
import { hostileImages } from '../../../samples/hostile-images.ts';
import { processedImage, scene } from '../../../samples/images.ts';

let made: Studio;
beforeAll(async () => {
  made = await studio();
});
afterAll(() => made[Symbol.asyncDispose]());

/** Of our own code; libvips works in threads of its own. */
const HELD_MS = 200;

test.for(hostileImages)('$name is refused by a stable code, or made anew', async (hostile) => {
  const path = made.path('hostile.png');
  await hostile.make(path);
  const before = await readdir(made.folder);
  let outcome: unknown;
  let held = 0;
  const cpuTime = await cpuTimeOf(async () => {
    held = await longestTurnOf(async () => {
      outcome = await processedImage(path).catch((error: unknown) => error);
    });
  });
  expect(cpuTime).toBeLessThan(30_000);
  expect(held, 'the event loop').toBeLessThan(HELD_MS);
  expect(await readdir(made.folder)).toEqual(before);
  if (outcome instanceof Error) {
    expect(outcome).toBeInstanceOf(MediaError);
    expect(hostile.expect).toContain((outcome as MediaError).code);
    expect(outcome.message).not.toContain(made.folder);
  } else {
    expect(hostile.expect).toContain('READY');
    const { files } = outcome as Awaited<ReturnType<typeof processedImage>>;
    for (const file of Object.values(files))
      expect(file.toString('latin1')).not.toMatch(/<html>|<script>/);
  }
  await rm(path);
});

test('after all of them a good image is READY', async () => {
  const path = await made.write('good.jpg', await scene(2000, 1000).jpeg().toBuffer());
  const cpuTime = await cpuTimeOf(async () => {
    expect((await processedImage(path)).derivatives).toHaveLength(3);
  });
  expect(cpuTime).toBeLessThan(5000);
});

test('what libvips could read besides is out of reach, whatever the sniffer says', async () => {
  const svg = await made.write(
    'x.png',
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
  );
  await expect(sharp(svg).metadata()).rejects.toThrow('unsupported image format');
  await expect(
    sharp(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')).metadata(),
  ).rejects.toThrow();
});

test('more bytes, pixels or a longer side than allowed are refused', async () => {
  const path = await made.write('l.png', await scene(200, 100).png().toBuffer());
  const within = (limits: object) => {
    const { signal } = new AbortController();
    const input = { path, workDir: made.folder, ffmpeg: '', signal, onProgress() {} };
    const ignore = async () => {};
    return processWithin(
      { ...input, onProbed: ignore, onDerivative: ignore },
      { ...IMAGE_LIMITS, ...limits },
    );
  };
  for (const limits of [{ bytes: 100 }, { pixels: 19_999 }, { side: 199 }]) {
    await expect(within(limits)).rejects.toMatchObject({ code: 'TOO_LARGE' });
  }
  await expect(within({ parts: 1 })).rejects.toMatchObject({ code: 'TOO_COMPLEX' });
});

test('an interlaced PNG is decoded with all of its pixels in memory, so it may have fewer', async () => {
  const header = async (progressive: boolean) => {
    const bytes = await scene(64, 48).toColourspace('rgb16').png({ progressive }).toBuffer();
    bytes.writeUInt32BE(10_000, 16);
    bytes.writeUInt32BE(10_000, 20);
    return made.write(`large-${progressive}.png`, bytes);
  };
  const sniff = async (path: string) => {
    const file = await openBounded(path, new AbortController().signal);
    return sniffImage(file, IMAGE_LIMITS).finally(() => file.close());
  };
  await expect(sniff(await header(true))).rejects.toMatchObject({ code: 'TOO_COMPLEX' });
  expect(await sniff(await header(false))).toMatchObject({ width: 10_000, height: 10_000 });
});

test('what is found may always be declared', () => {
  for (const format of ['jpeg', 'png', 'webp', 'avif', 'gif', 'tiff']) {
    expect(IMAGE_CONTENT_TYPES).toContain(`image/${format}`);
  }
});

const FORMATS = ['jpeg', 'png', 'webp', 'avif', 'gif', 'tiff'] as const;

test.for(FORMATS)('a damaged %s is understood or refused, never an accident', async (format) => {
  const good = await scene(64, 48).toFormat(format).toBuffer();
  for (let seed = 1; seed <= 150; seed++) {
    const random = noise(16, seed * 7919);
    const bytes = Buffer.from(good);
    for (const [n, value] of random.subarray(0, 1 + (seed % 4)).entries()) {
      const at = random.readUInt16LE(4 + n * 2) % Math.min(bytes.length, 600);
      bytes[seed % 3 === 0 ? bytes.length - 1 - at : at] = [value, 0, 0xff][seed % 3] ?? 0;
    }
    const cut = seed % 5 === 0 ? bytes.subarray(0, random.readUInt16LE(14) % bytes.length) : bytes;
    const path = await made.write('damaged', cut);
    const file = await openBounded(path, new AbortController().signal);
    try {
      await sniffImage(file, IMAGE_LIMITS);
      if (seed % 3 === 0) await processedImage(path);
    } catch (error) {
      expect(error, `seed ${seed}`).toBeInstanceOf(MediaError);
    } finally {
      await file.close();
    }
  }
});
